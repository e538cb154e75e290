# What whoever answers requests of data protection may do at Vault: find a user's pseudonym, open what is sealed for
# them, and destroy their key.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "transit/hmac/ebbtide-pseudonyms" {
  capabilities = ["update"]
}
path "transit/decrypt/ebbtide-user-*" {
  capabilities = ["update"]
}
path "transit/keys/ebbtide-user-*" {
  capabilities = ["update", "delete"]
}
