# OpenBao for compose.yaml. It unseals itself with a key that the service "secrets" has made: that suits one machine. In
# production use a seal of your cloud or an HSM, TLS, and more than one node.
ui           = false
api_addr     = "http://openbao:8200"
cluster_addr = "http://openbao:8201"

listener "tcp" {
  address     = "0.0.0.0:8200"
  tls_disable = true
}

storage "raft" {
  path    = "/openbao/file"
  node_id = "compose"
}

seal "static" {
  current_key_id = "compose"
  current_key    = "file:///run/ebbtide/unseal.key"
}
