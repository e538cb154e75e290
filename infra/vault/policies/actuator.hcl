# What Ebbtide's actuator may do at Vault: change the life of credentials that others issued, and nothing else.
# It can neither read secrets nor issue tokens. Parts that are not used can be left out: what needs them is then
# reported as impossible, with the path that was refused.

# Its own token: look at it and keep it alive
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}

# Tokens, by accessor
path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}
path "auth/token/renew-accessor" {
  capabilities = ["update"]
}
path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}
# Whether the holder could undo a shortening; without this the name of the default policy is the only hint
path "sys/capabilities-accessor" {
  capabilities = ["update"]
}

# Leases of dynamic secrets
path "sys/leases/lookup" {
  capabilities = ["update"]
}
path "sys/leases/renew" {
  capabilities = ["update"]
}
path "sys/leases/revoke" {
  capabilities = ["update"]
}

# Certificates; repeat for each PKI mount
path "pki/cert/*" {
  capabilities = ["read"]
}
path "pki/revoke" {
  capabilities = ["update"]
}
path "pki-keys/cert/*" {
  capabilities = ["read"]
}
path "pki-keys/revoke" {
  capabilities = ["update"]
}

# Entities: disable, or attach the one policy that only denies. No other policy can be attached, so that whoever
# takes over the actuator cannot give rights to anybody. Vault compares the whole list: an entity with policies of its own
# can be disabled, and neither denied nor allowed
path "identity/entity/id/*" {
  capabilities = ["read", "update"]
  allowed_parameters = {
    "disabled" = []
    "policies" = [["ebbtide-function-deny"], []]
  }
}
