# What Ebbtide's token service may do at Vault: issue credentials through the roles made for it, and look after them.

# Its own token
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}

# Tokens for functions; the role fixes their policies, and that they are orphans
path "auth/token/create/ebbtide-functions" {
  capabilities = ["update"]
}
# Tokens that hold the leases of dynamic secrets; no function ever sees one
path "auth/token/create/ebbtide-leases" {
  capabilities = ["update"]
}
path "pki/issue/ebbtide-function" {
  capabilities = ["update"]
}
path "pki/cert/*" {
  capabilities = ["read"]
}

# Look after what was issued: renewals, status, and taking back what could not be registered
path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}
path "auth/token/renew-accessor" {
  capabilities = ["update"]
}
path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}
path "sys/leases/lookup" {
  capabilities = ["update"]
}
path "sys/leases/renew" {
  capabilities = ["update"]
}
path "sys/leases/revoke" {
  capabilities = ["update"]
}
path "pki/revoke" {
  capabilities = ["update"]
}
