-- Whether decisions rest on a score, or it was made beside by a challenger.
ALTER TABLE scores_raw ADD COLUMN IF NOT EXISTS role LowCardinality(String) DEFAULT 'champion' AFTER model_version;

CREATE OR REPLACE VIEW scores AS SELECT * FROM scores_raw FINAL;

-- Which pointer of topic control says which models score.
ALTER TABLE telemetry_clock_raw ADD COLUMN IF NOT EXISTS model_sequence Nullable(Int64) AFTER labels_offset;

CREATE OR REPLACE VIEW telemetry_clock AS SELECT * FROM telemetry_clock_raw FINAL;
