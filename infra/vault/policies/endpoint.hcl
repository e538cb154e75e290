# What an endpoint of Ebbtide's key host may do at Vault: have its own certificate issued. Keys of users are signed by the
# key host alone.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "pki-endpoints/issue/ebbtide-endpoint" {
  capabilities = ["update"]
}
