-- The warehouse side of the example: the views that a modeller builds in SAP Datasphere; the laptop runs them as they are.
-- FLIGHT comes from the airline's own system, AIRPORT from a public register; the first view joins the two sources.

-- What is known when the doors close. DELAY_MINUTES, the arrival's delay, is known only later and stays out.
CREATE OR REPLACE VIEW "FLIGHTS"."V_FLIGHT_FEATURES" AS
  SELECT
    f."FLIGHT_ID",
    f."DEPARTURE",
    f."DISTANCE_MILES",
    f."ORIGIN",
    f."DESTINATION",
    o."LATITUDE" AS "ORIGIN_LATITUDE",
    o."LONGITUDE" AS "ORIGIN_LONGITUDE",
    d."LATITUDE" AS "DESTINATION_LATITUDE",
    d."LONGITUDE" AS "DESTINATION_LONGITUDE"
  FROM "FLIGHTS"."FLIGHT" AS f
  INNER JOIN "FLIGHTS"."AIRPORT" AS o ON o."IATA" = f."ORIGIN"
  INNER JOIN "FLIGHTS"."AIRPORT" AS d ON d."IATA" = f."DESTINATION";

-- A tenth of the flights of January to May, by a hash of the key: hexadecimal digits below 0x1999 of 0xFFFF.
CREATE OR REPLACE VIEW "FLIGHTS"."V_FLIGHTS_TRAINING" AS
  SELECT
    v.*,
    CASE WHEN f."DELAY_MINUTES" >= 15 THEN 1 ELSE 0 END AS "LATE"
  FROM "FLIGHTS"."V_FLIGHT_FEATURES" AS v
  INNER JOIN "FLIGHTS"."FLIGHT" AS f ON f."FLIGHT_ID" = v."FLIGHT_ID"
  WHERE v."DEPARTURE" < '2001-06-01'
    AND SUBSTRING(BINTOHEX(HASH_SHA256(TO_BINARY(TO_NVARCHAR(v."FLIGHT_ID")))), 1, 4) < '1999';

CREATE OR REPLACE VIEW "FLIGHTS"."V_FLIGHTS_TO_SCORE" AS
  SELECT * FROM "FLIGHTS"."V_FLIGHT_FEATURES" WHERE "DEPARTURE" >= '2001-06-28';

-- "Expose for Consumption": the database user may read these two views, and no table.
GRANT SELECT ON "FLIGHTS"."V_FLIGHTS_TRAINING" TO "FLIGHTS#FEDML";
GRANT SELECT ON "FLIGHTS"."V_FLIGHTS_TO_SCORE" TO "FLIGHTS#FEDML";
