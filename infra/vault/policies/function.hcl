# What a function's own token may do. Without auth/token/renew-self, so that a shortening holds.
path "kv/data/functions/*" {
  capabilities = ["read"]
}
