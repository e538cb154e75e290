# What a token that holds leases may do: fetch the dynamic secret it was made for.
path "database/creds/ebbtide-function" {
  capabilities = ["read"]
}
