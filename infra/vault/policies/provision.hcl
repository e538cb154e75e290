# What Ebbtide's provisioning engine may do at Vault: make credentials ahead of time, and keep them sealed and wrapped until
# they are asked for. It cannot change users' keys, and reads no secret but what it has sealed itself.

# Its own token
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}

# The public keys that it seals to
path "ebbtide-users/data/users/*" {
  capabilities = ["read"]
}

# Where the tokens lie that unwrap the secrets, sealed to their users
path "ebbtide-provisions/data/pairs/*" {
  capabilities = ["create", "read", "update"]
}
path "ebbtide-provisions/metadata/pairs/*" {
  capabilities = ["read", "list"]
}
path "sys/wrapping/wrap" {
  capabilities = ["update"]
}

# What machines check passwords by; written and removed, never read
path "ebbtide-provisions/data/verifiers/*" {
  capabilities = ["create", "update"]
}
path "ebbtide-provisions/metadata/verifiers/*" {
  capabilities = ["create", "update", "delete"]
}

# Credentials: certificates of the SSH authority, and tokens that hold leases. A certificate is for one principal, for a user at
# a machine, never for root; bootstrap narrows valid_principals to what provision.targets name
path "ssh/sign/ebbtide-access" {
  capabilities = ["update"]
  required_parameters = ["valid_principals"]
  allowed_parameters = {
    "public_key" = []
    "cert_type" = ["user"]
    "valid_principals" = ["*@*"]
    "ttl" = []
    "key_id" = ["ebbtide/*"]
  }
  # The engine takes white space off both ends of a principal before it signs, and policies compare what was sent
  denied_parameters = {
    "valid_principals" = [
      "", "root", "root@*", "*,*",
      "\t*", "\n*", "\v*", "\f*", "\r*", " *", "\u0085*", "\u00a0*", "\u1680*", "\u2000*", "\u2001*", "\u2002*", "\u2003*",
      "\u2004*", "\u2005*", "\u2006*", "\u2007*", "\u2008*", "\u2009*", "\u200a*", "\u2028*", "\u2029*", "\u202f*",
      "\u205f*", "\u3000*",
      "*\t", "*\n", "*\v", "*\f", "*\r", "* ", "*\u0085", "*\u00a0", "*\u1680", "*\u2000", "*\u2001", "*\u2002", "*\u2003",
      "*\u2004", "*\u2005", "*\u2006", "*\u2007", "*\u2008", "*\u2009", "*\u200a", "*\u2028", "*\u2029", "*\u202f",
      "*\u205f", "*\u3000",
    ]
  }
}
path "auth/token/create/ebbtide-access-leases" {
  capabilities = ["update"]
}

# Destroy sealed secrets and leases that nobody asked for
path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}
