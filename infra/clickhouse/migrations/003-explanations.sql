-- Scores say of each feature which way it went, and by how much.
ALTER TABLE scores_raw
  MODIFY COLUMN contributions Array(Tuple(feature LowCardinality(String), weight Float64, direction LowCardinality(String), expected Nullable(Float64), observed Nullable(Float64), unit LowCardinality(String))) CODEC(ZSTD(1));

CREATE OR REPLACE VIEW scores AS SELECT * FROM scores_raw FINAL;
