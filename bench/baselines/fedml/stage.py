"""FedML's staging as its notebooks do it: the whole view, a data frame, a CSV file, S3."""

from measured import measured

import pandas as pd
from fedml_aws import DbConnection, DwcSagemaker


def stage(settings):
    connection = DbConnection()
    rows, headers = connection.get_data_with_headers(settings["view"])
    data = pd.DataFrame(rows, columns=headers)
    sagemaker = DwcSagemaker(prefix=settings["prefix"], bucket_name=settings["bucket"])
    sagemaker._upload_data(data, "text/csv")
    return len(data)


measured(stage)
