{{/* Servers that a component reaches, by their names in networkPolicy.servers. */}}
{{- define "ebbtide.reaches" -}}
{{- $all := list "kafka" "schemaRegistry" "tracing" -}}
{{- if .component.vault -}}{{- $all = append $all "vault" -}}{{- end -}}
{{- concat $all (.component.reaches | default list) | uniq | join " " -}}
{{- end -}}

{{/* Addresses of a server in config, as a JSON array: none where it is not there. */}}
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
{{- if hasPrefix "s3://" ($models.registry | default "") -}}{{- $found = list ((($models.s3 | default dict).endpoint) | default "https://s3") -}}{{- end -}}
{{- else if eq .server "tracing" -}}
{{- $found = list ($config.tracing | default dict).endpoint -}}
{{- else if eq .server "identity" -}}
{{- $found = list ((($config.console | default dict).oidc | default dict).issuer) -}}
{{- range $source := ($config.gateway | default dict).credentials -}}{{- $found = append $found $source.keysUrl -}}{{- end -}}
{{- else if eq .server "mail" -}}
{{- $found = list (printf "smtp://mail:%v" (($config.mail | default dict).port | default 587 | int)) -}}
{{- end -}}
{{- compact $found | toJson -}}
{{- end -}}

{{/* Ports of these addresses, as a JSON array. */}}
{{- define "ebbtide.portsOf" -}}
{{- $ports := list -}}
{{- range $address := include "ebbtide.addressesOf" . | fromJsonArray -}}
{{- $url := urlParse $address -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $ports = append $ports ($port | default (get (dict "http" "80" "kafka" "9092") $url.scheme | default "443") | int) -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | toJson -}}
{{- end -}}
