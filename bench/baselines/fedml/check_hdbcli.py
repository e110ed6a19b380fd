"""Whether the laptop's HANA is one to hdbcli as well, which FedML stands on: raises where it isn't."""

import datetime
import decimal
import json
import sys

from hdbcli import dbapi

config = json.loads(sys.argv[1])["warehouse"]


def connect(**changes):
    options = {name: config[name] for name in ["address", "port", "user", "password"]}
    return dbapi.connect(**{**options, "encrypt": "true", "sslTrustStore": config["sslTrustStore"], **changes})


def refused_with(code, run):
    try:
        run()
    except dbapi.Error as error:
        assert error.errorcode == code, "error %s in place of %s: %s" % (error.errorcode, code, error)
    else:
        raise AssertionError("error %s did not come" % code)


connection = connect()
cursor = connection.cursor()

cursor.execute('CREATE TABLE "TYPES" (I BIGINT, D DECIMAL(20,4), F DOUBLE, N NVARCHAR(20), B VARBINARY(4), DT DATE, TS TIMESTAMP, BO BOOLEAN)')
row = (
    9007199254740993,
    decimal.Decimal("-1234567890123456.7891"),
    0.1,
    "Zwölf € 😀",
    b"\x00\xff",
    datetime.date(2024, 2, 29),
    datetime.datetime(1999, 12, 31, 23, 59, 59, 999999),
    True,
)
cursor.execute('INSERT INTO "TYPES" VALUES (?, ?, ?, ?, ?, ?, ?, ?)', row)
cursor.execute('INSERT INTO "TYPES" VALUES (:1, :2, :3, :4, :5, :6, :7, :8)', (None,) * 8)
cursor.execute('SELECT * FROM "TYPES" ORDER BY I NULLS LAST')
bound, nulls = cursor.fetchall()
assert tuple(bytes(value) if isinstance(value, memoryview) else value for value in bound) == row, bound
assert tuple(nulls) == (None,) * 8, nulls

cursor.execute("SELECT GENERATED_PERIOD_START FROM SERIES_GENERATE_INTEGER(1, 0, 100000)")
assert len({value for (value,) in cursor.fetchall()}) == 100000

cursor.execute('CREATE TABLE "BATCH" (I INTEGER PRIMARY KEY, N NVARCHAR(20))')
rows = [(number, "row %s" % number) for number in range(100000)]
refused_with(301, lambda: cursor.executemany('INSERT INTO "BATCH" VALUES (?, ?)', rows + [(0, "again")]))
cursor.execute('SELECT COUNT(*) FROM "BATCH"')
assert cursor.fetchone()[0] == 0, "a part of a failed batch is there"
cursor.executemany('INSERT INTO "BATCH" VALUES (?, ?)', rows)
cursor.execute('SELECT COUNT(*) FROM "BATCH"')
assert cursor.fetchone()[0] == 100000

connection.setautocommit(False)
cursor.execute('DELETE FROM "BATCH"')
connection.rollback()
cursor.execute('SELECT COUNT(*) FROM "BATCH"')
assert cursor.fetchone()[0] == 100000

refused_with(10, lambda: connect(password="Wrong1234"))
refused_with(257, lambda: cursor.execute("SELECT FROM FROM"))
refused_with(258, lambda: cursor.execute('SELECT * FROM "BENCH"."ROWS"'))
refused_with(259, lambda: cursor.execute("SELECT * FROM NOWHERE"))
refused_with(260, lambda: cursor.execute('SELECT NOTHING FROM "BATCH"'))
refused_with(274, lambda: cursor.execute("INSERT INTO \"BATCH\" VALUES (-1, '%s')" % ("x" * 21)))
refused_with(287, lambda: cursor.execute('INSERT INTO "BATCH" VALUES (NULL, NULL)'))

connection.setautocommit(True)
cursor.execute('DROP TABLE "TYPES"')
cursor.execute('DROP TABLE "BATCH"')
connection.close()
