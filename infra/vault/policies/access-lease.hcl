# What a token that holds a user's lease may do: fetch the dynamic secret it was made for.
path "database/creds/ebbtide-access" {
  capabilities = ["read"]
}
