# The counterpart of function.hcl: attached to an entity it refuses all that function.hcl allows. An explicit deny wins
# only over a rule for the same path, so keep the paths of both files alike; "*" would lose to every longer path.
path "kv/data/functions/*" {
  capabilities = ["deny"]
}
