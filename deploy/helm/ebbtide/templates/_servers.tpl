{{/* Servers that a component reaches, by their names in networkPolicy.servers. */}}
{{- define "ebbtide.reaches" -}}
{{- $all := list "kafka" "schemaRegistry" "tracing" -}}
{{- if .component.vault -}}{{- $all = append $all "vault" -}}{{- end -}}
{{- concat $all (.component.reaches | default list) | uniq | join " " -}}
{{- end -}}

{{/* Addresses of a server in config, for a component where they are its own, as a JSON array: none where it is not there. */}}
{{- define "ebbtide.addressesOf" -}}
{{- $config := .root.Values.config -}}
{{- $found := list -}}
{{- if eq .server "kafka" -}}
{{- range $broker := splitList "," $config.kafka.brokers -}}{{- $found = append $found (printf "kafka://%s" (trim $broker)) -}}{{- end -}}
{{- else if has .server (list "schemaRegistry" "clickhouse") -}}
{{- $found = list (get $config .server).url -}}
{{- else if eq .server "vault" -}}
{{- $found = list $config.vault.address -}}
{{- else if eq .server "models" -}}
{{- $models := $config.models | default dict -}}
{{- $registry := $models.registry | default "" -}}
{{- $byVariable := hasPrefix "${" $registry -}}
{{- if or $byVariable (hasPrefix "s3://" $registry) -}}{{- $found = list ((($models.s3 | default dict).endpoint) | default (ternary $registry "https://s3" $byVariable)) -}}{{- end -}}
{{- else if eq .server "tracing" -}}
{{- $found = list ($config.tracing | default dict).endpoint -}}
{{- else if eq .server "identity" -}}
{{- $found = list ((($config.console | default dict).oidc | default dict).issuer) -}}
{{- range $source := ($config.gateway | default dict).credentials -}}{{- $found = append $found $source.keysUrl -}}{{- end -}}
{{- else if eq .server "mail" -}}
{{- $port := ($config.mail | default dict).port | default 587 -}}
{{- $found = list (printf "smtp://mail:%v" (kindIs "string" $port | ternary $port (int $port))) -}}
{{- else if eq .server "internet" -}}
{{- $own := get $config .name | default dict -}}
{{- $entries := concat ($own.routes | default list) ($own.feeds | default list) -}}
{{- $entries = concat $entries (($own.transmitter | default dict).authorizationServers | default list) ((($own.receiver | default dict).transmitters) | default list) -}}
{{- $found = list "https://anywhere" -}}
{{- range $entry := $entries -}}
{{- range $address := list $entry.url $entry.issuer $entry.jwksUri $entry.pollUrl -}}
{{- /* Many an address is itself a secret */ -}}
{{- if not (contains "${" ($address | default "")) -}}{{- $found = append $found $address -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- compact $found | toJson -}}
{{- end -}}

{{/* Ports of these addresses, as a JSON array: what only the environment of a pod knows is asked for. */}}
{{- define "ebbtide.portsOf" -}}
{{- $server := .server -}}
{{- $ports := list -}}
{{- range $address := include "ebbtide.addressesOf" . | fromJsonArray -}}
{{- $text := regexReplaceAll "\\$\\{[^}]*\\}" $address "~" | lower -}}
{{- $authority := regexFind "^[a-z0-9+.-]+://[^/?#]*" $text | default $text -}}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" -}}
{{- if and (not $port) (contains "~" $authority) -}}
{{- $where := get (dict "kafka" "kafka.brokers" "schemaRegistry" "schemaRegistry.url" "clickhouse" "clickhouse.url" "vault" "vault.address" "models" "models" "tracing" "tracing.endpoint" "identity" "console.oidc.issuer or gateway.credentials" "mail" "mail.port") $server -}}
{{- fail (printf "config.%s is taken from the environment: name its ports by networkPolicy.servers.%s.ports" $where $server) -}}
{{- end -}}
{{- $ports = append $ports ($port | default (get (dict "http" "80" "kafka" "9092") (splitList "://" $authority | first)) | default "443" | int) -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | toJson -}}
{{- end -}}
