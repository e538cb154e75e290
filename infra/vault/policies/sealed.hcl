# What a token may do in whose cubbyhole a sealed secret lies: hold it.
path "cubbyhole/sealed" {
  capabilities = ["create", "update", "read"]
}
