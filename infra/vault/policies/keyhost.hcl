# What Ebbtide's key host may do at Vault: sign users' keys, have its own certificate, make pseudonyms, and seal what it
# keeps of users with keys of their own. It can neither destroy those keys nor issue certificates to endpoints.

# Its own token
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}

# Users' keys: sign requests for certificates, look them up; what could not be registered is taken back
path "pki-keys/sign/ebbtide-user-key" {
  capabilities = ["update"]
}
path "pki-keys/cert/*" {
  capabilities = ["read"]
}
path "pki-keys/revoke" {
  capabilities = ["update"]
}

# Its own certificate, and whether those of endpoints were revoked
path "pki-endpoints/issue/ebbtide-keyhost" {
  capabilities = ["update"]
}
path "pki-endpoints/cert/*" {
  capabilities = ["read"]
}

# Users' keys of the other kinds: SSH certificates, and tokens
path "ssh-keys/sign/ebbtide-user-key" {
  capabilities = ["update"]
  required_parameters = ["valid_principals"]
  allowed_parameters = {
    "public_key" = []
    "cert_type" = ["user"]
    "valid_principals" = []
    "ttl" = []
    "key_id" = []
    "extensions" = []
  }
  # Pseudonyms are hexadecimal digits. The engine takes white space off both ends of a principal before it signs, and policies
  # compare what was sent; what is nothing then would make a certificate without principals, which may be for anybody
  denied_parameters = {
    "valid_principals" = [
      "", "*root*", "*,*",
      "\t*", "\n*", "\v*", "\f*", "\r*", " *", "\u0085*", "\u00a0*", "\u1680*", "\u2000*", "\u2001*", "\u2002*", "\u2003*",
      "\u2004*", "\u2005*", "\u2006*", "\u2007*", "\u2008*", "\u2009*", "\u200a*", "\u2028*", "\u2029*", "\u202f*",
      "\u205f*", "\u3000*",
    ]
  }
}
path "ssh-keys/config/ca" {
  capabilities = ["read"]
}
path "transit/sign/ebbtide-key-jwt" {
  capabilities = ["update"]
}
path "transit/keys/ebbtide-key-jwt" {
  capabilities = ["read"]
}

path "transit/hmac/ebbtide-pseudonyms" {
  capabilities = ["update"]
}
# Make a user's key, and nothing that would destroy or export it
path "transit/keys/ebbtide-user-*" {
  capabilities = ["create", "update"]
  denied_parameters = {
    "deletion_allowed" = []
    "exportable" = []
    "allow_plaintext_backup" = []
    "min_decryption_version" = []
    "min_available_version" = []
  }
}
path "transit/datakey/plaintext/ebbtide-user-*" {
  capabilities = ["update"]
}
path "transit/decrypt/ebbtide-user-*" {
  capabilities = ["update"]
}
