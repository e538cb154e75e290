# What Ebbtide's keylife pipeline may do at Vault: open what is sealed with users' own keys, and nothing else.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "transit/decrypt/ebbtide-user-*" {
  capabilities = ["update"]
}
