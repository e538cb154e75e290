# For an actuator that narrows scopes by policies (actuate.scopes): attach this beside ebbtide-actuator. It may write
# policies of that prefix and no other. Give such a policy to tokens only beside policies that grant, and to nobody
# who must not be at the mercy of whoever holds the actuator's login.
path "sys/policies/acl/ebbtide-scope-*" {
  capabilities = ["create", "read", "update"]
}
