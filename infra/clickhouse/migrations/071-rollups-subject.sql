-- What a subject's dashboard reads of long ranges and of its neighbours, as 050 keeps what the others read.

-- What moved a subject's score, by the hour and feature.
CREATE TABLE IF NOT EXISTS contributions_by_subject
(
  subject String CODEC(ZSTD(1)),
  role LowCardinality(String),
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  feature LowCardinality(String),
  weight SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  moved SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  windows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (subject, role, time, feature)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS contributions_to_subject TO contributions_by_subject AS
SELECT
  subject,
  role,
  toStartOfHour(toDateTime(scores_raw.window_end, 'UTC')) AS time,
  one.feature AS feature,
  sum(one.weight) AS weight,
  sum(abs(one.weight)) AS moved,
  count() AS windows,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM scores_raw ARRAY JOIN contributions AS one
GROUP BY subject, role, time, feature;

-- Which credentials a function had in a role.
CREATE TABLE IF NOT EXISTS credentials_by_function
(
  function LowCardinality(String),
  role LowCardinality(String),
  credential_id String CODEC(ZSTD(1)),
  archived_at SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (function, role, credential_id);

CREATE MATERIALIZED VIEW IF NOT EXISTS credentials_to_function TO credentials_by_function AS
SELECT function, role, credential_id, max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM credentials_raw
WHERE NOT deleted
GROUP BY function, role, credential_id;

-- What was archived before. Where this is repeated, hours of then weigh twice against those that come, in which features are
-- shown and not in their means.
INSERT INTO contributions_by_subject
SELECT
  subject,
  role,
  toStartOfHour(toDateTime(scores_raw.window_end, 'UTC')) AS time,
  one.feature AS feature,
  sum(one.weight) AS weight,
  sum(abs(one.weight)) AS moved,
  count() AS windows,
  max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM scores_raw ARRAY JOIN contributions AS one
GROUP BY subject, role, time, feature
SETTINGS max_bytes_before_external_group_by = 1000000000;

INSERT INTO credentials_by_function
SELECT function, role, credential_id, max(toDateTime(kafka_time, 'UTC')) AS archived_at
FROM credentials_raw
WHERE NOT deleted
GROUP BY function, role, credential_id;
