-- One row a request that was served by what had been prepared, with the waiting that it saved: the median time of making
-- one of its method on demand, over all that is archived, less its own. Null where none was made on demand.
CREATE VIEW IF NOT EXISTS provision_savings AS
SELECT
  hits.at AS at,
  hits.user AS user,
  hits.vm AS vm,
  hits.method AS method,
  hits.waited_ms AS waited_ms,
  if(on_demand.method = '', NULL, on_demand.usual_ms) AS usual_ms,
  usual_ms - waited_ms AS saved_ms
FROM (SELECT * FROM provision_requests WHERE served = 'preProvisioned') AS hits
LEFT JOIN
(
  SELECT method, quantileExact(0.5)(assumeNotNull(waited_ms)) AS usual_ms
  FROM provision_requests
  WHERE served != 'preProvisioned' AND isNotNull(waited_ms)
  GROUP BY method
) AS on_demand ON hits.method = on_demand.method;

-- One row a user and day (UTC): what preparing credentials brought and cost. A secret counts for the day on which it was
-- made. Sums of days are sums; a share over several days is sum(hits) / sum(requests).
CREATE VIEW IF NOT EXISTS provision_users AS
SELECT
  day,
  user,
  sum(requests) AS requests,
  sum(hits) AS hits,
  if(requests = 0, NULL, hits / requests) AS hit_rate,
  sum(prepared) AS prepared,
  sum(wasted) AS wasted,
  sum(secret_minutes) AS secret_minutes,
  sum(wasted_secret_minutes) AS wasted_secret_minutes,
  sum(saved_s) AS waiting_saved_s
FROM
(
  SELECT toDate(at) AS day, user, 1 AS requests, served = 'preProvisioned' AS hits, 0 AS prepared, 0 AS wasted,
    0. AS secret_minutes, 0. AS wasted_secret_minutes, 0. AS saved_s
  FROM provision_requests
  UNION ALL
  SELECT toDate(minted_at), user, 0, 0, 1, NOT used AND (isNotNull(ended_at) OR expires_at < now64(3)),
    lay_ms / 60000, if(used, 0, lay_ms / 60000), 0.
  FROM provision_secrets
  UNION ALL
  SELECT toDate(at), user, 0, 0, 0, 0, 0., 0., coalesce(saved_ms, 0) / 1000 FROM provision_savings
)
GROUP BY day, user;
