-- Whose a frontend credential is: its risk is that user's too.
ALTER TABLE translations_raw
  ADD COLUMN IF NOT EXISTS owner LowCardinality(String) AFTER `group`;

CREATE OR REPLACE VIEW translations_history AS SELECT * FROM translations_raw FINAL;

CREATE OR REPLACE VIEW translations AS
SELECT * EXCEPT (deleted)
FROM (SELECT * FROM translations_raw ORDER BY key, kafka_time DESC, kafka_offset DESC LIMIT 1 BY key)
WHERE NOT deleted;
