# What Ebbtide's console may do at Vault: disable and enable entities, and attach the one policy that only denies. All else
# that people do goes by Kafka to the actuator, which is asked for it by a decision on record.

# Its own token: look at it and keep it alive
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}

# No other policy can be attached, so that whoever takes over the console cannot give rights to anybody. Vault compares
# the whole list: an entity with policies of its own can be disabled, and neither denied nor allowed
path "identity/entity/id/*" {
  capabilities = ["read", "update"]
  allowed_parameters = {
    "disabled" = []
    "policies" = [["ebbtide-function-deny"], []]
  }
}
