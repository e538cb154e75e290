-- What people read: each row once. FINAL merges duplicates while reading.

CREATE VIEW IF NOT EXISTS telemetry_resource AS SELECT * FROM telemetry_resource_raw FINAL;

CREATE VIEW IF NOT EXISTS telemetry_clock AS SELECT * FROM telemetry_clock_raw FINAL;

CREATE VIEW IF NOT EXISTS telemetry_api AS SELECT * FROM telemetry_api_raw FINAL;

CREATE VIEW IF NOT EXISTS telemetry_access AS SELECT * FROM telemetry_access_raw FINAL;

CREATE VIEW IF NOT EXISTS telemetry_biometric AS SELECT * FROM telemetry_biometric_raw FINAL;

CREATE VIEW IF NOT EXISTS scores AS SELECT * FROM scores_raw FINAL;

CREATE VIEW IF NOT EXISTS decisions AS SELECT * FROM decisions_raw FINAL;

CREATE VIEW IF NOT EXISTS effects AS SELECT * FROM effects_raw FINAL;

CREATE VIEW IF NOT EXISTS labels AS SELECT * FROM labels_raw FINAL;

CREATE VIEW IF NOT EXISTS alerts AS SELECT * FROM alerts_raw FINAL;

CREATE VIEW IF NOT EXISTS dead_letters AS SELECT * FROM dead_letters_raw FINAL;

-- Every version that a credential's entry in the register had, tombstones included.
CREATE VIEW IF NOT EXISTS credentials_history AS SELECT * FROM credentials_raw FINAL;

-- What is in force now: the last version of each, without those that a tombstone took out.
CREATE VIEW IF NOT EXISTS credentials AS
SELECT * EXCEPT (deleted)
FROM (SELECT * FROM credentials_raw ORDER BY credential_id, kafka_time DESC, kafka_offset DESC LIMIT 1 BY credential_id)
WHERE NOT deleted;

-- Every value that a setting had, tombstones included.
CREATE VIEW IF NOT EXISTS control_history AS SELECT * FROM control_raw FINAL;

-- What is in force now: the last version of each, without those that a tombstone took out.
CREATE VIEW IF NOT EXISTS control AS
SELECT * EXCEPT (deleted)
FROM (SELECT * FROM control_raw ORDER BY key, kafka_time DESC, kafka_offset DESC LIMIT 1 BY key)
WHERE NOT deleted;
