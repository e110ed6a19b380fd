"""FedML's write-back as its notebooks do it: a table by CREATE TABLE, and the predictions from a data frame."""

from measured import measured

import pandas as pd
from fedml_aws import DbConnection


def write(settings):
    predictions = pd.read_csv(settings["file"], names=["ID", "PROBABILITY"])
    connection = DbConnection()
    connection.create_table('CREATE TABLE "%s" (ID BIGINT, PROBABILITY DOUBLE)' % settings["table"])
    connection.insert_into_table(settings["table"], predictions)
    return len(predictions)


measured(write)
