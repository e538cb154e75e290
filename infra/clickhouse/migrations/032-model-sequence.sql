-- Which pointer of topic control says which models assess API calls and foresee accesses.
ALTER TABLE telemetry_api_clock_raw ADD COLUMN IF NOT EXISTS model_sequence Int64 DEFAULT 0 AFTER labels_offset;

CREATE OR REPLACE VIEW telemetry_api_clock AS SELECT * FROM telemetry_api_clock_raw FINAL;

ALTER TABLE telemetry_access_clock_raw ADD COLUMN IF NOT EXISTS model_sequence Int64 DEFAULT 0 AFTER scores_offset;

CREATE OR REPLACE VIEW telemetry_access_clock AS SELECT * FROM telemetry_access_clock_raw FINAL;
