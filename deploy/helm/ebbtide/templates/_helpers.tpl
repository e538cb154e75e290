{{/*
Pods of a StatefulSet bear its name and a revision of 11 characters in a label of 63 at most: with a longer name there is never
a pod. Of a long release's name the end is cut off, since two components may begin alike.
*/}}
{{- define "ebbtide.name" -}}
{{- $release := .root.Release.Name | trunc (sub 51 (len .name) | int) | trimSuffix "-" -}}
{{- printf "%s-%s" $release .name -}}
{{- end -}}

{{- define "ebbtide.selector" -}}
app.kubernetes.io/name: ebbtide
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "ebbtide.labels" -}}
{{ include "ebbtide.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "ebbtide.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* Service accounts that log in at Vault have the names of the roles that "ebbtide vault bootstrap" makes. */}}
{{- define "ebbtide.serviceAccount" -}}
{{- if .component.vault -}}ebbtide-{{ .component.vault }}{{- else -}}{{ include "ebbtide.name" (dict "root" .root "name" "default") }}{{- end -}}
{{- end -}}

{{- define "ebbtide.ca" -}}/etc/ebbtide/tls/ca.crt{{- end -}}

{{/* Secret of a process for Kafka, and its name there. */}}
{{- define "ebbtide.kafkaUser" -}}
{{- printf "%s%s" .root.Values.kafka.userSecretPrefix .name -}}
{{- end -}}

{{/* ebbtide.yaml: config, with addresses that a pod listens on and logins at Vault filled in. */}}
{{- define "ebbtide.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- range $section := list "http" "token" "gateway" "console" "delivery" "keyhost" "signals" -}}
{{- $_ := set $config $section (merge (get $config $section | default dict) (dict "host" "0.0.0.0")) -}}
{{- end -}}
{{- $_ := set $config.console "portTries" 1 -}}
{{- /* Whoever may read logs must not come in by them */ -}}
{{- $_ := set $config "console" (merge $config.console (dict "linkFile" "/var/lib/ebbtide/console-link")) -}}
{{- /* A pod's own name is another after each restart */ -}}
{{- $host := dict "host" "${ENV:NODE_NAME}" "procMount" "/host/proc" "cgroupMount" "/host/sys/fs/cgroup" "socketFile" "/run/ebbtide/agent.sock" -}}
{{- $_ := set $config "agent" (merge (get $config "agent" | default dict) $host) -}}
{{- $ca := .Values.tls.caSecretName -}}
{{- if $ca -}}
{{- $_ := set $config "vault" (merge $config.vault (dict "caFile" (include "ebbtide.ca" .))) -}}
{{- $_ := set $config "clickhouse" (merge $config.clickhouse (dict "caFile" (include "ebbtide.ca" .))) -}}
{{- end -}}
{{- $kafka := dict -}}
{{- if eq .Values.kafka.login "certificate" -}}
{{- $kafka = dict "security.protocol" "ssl" "ssl.certificate.location" "/etc/ebbtide/kafka/user.crt" "ssl.key.location" "/etc/ebbtide/kafka/user.key" -}}
{{- else if eq .Values.kafka.login "scram" -}}
{{- $kafka = dict "security.protocol" "sasl_ssl" "sasl.mechanisms" "SCRAM-SHA-512" "sasl.username" "${ENV:KAFKA_USERNAME}" "sasl.password" "${ENV:KAFKA_PASSWORD}" -}}
{{- end -}}
{{- if and $ca (ne .Values.kafka.login "none") -}}
{{- $_ := set $kafka "ssl.ca.location" (include "ebbtide.ca" .) -}}
{{- end -}}
{{- if $kafka -}}
{{- $_ := set $config.kafka "settings" (merge ($config.kafka.settings | default dict) $kafka) -}}
{{- end -}}
{{- if ne .Values.vault.login "config" -}}
{{- $vault := get $config "vault" | default dict -}}
{{- range $key, $role := dict "actuatorLogin" "ebbtide-actuator" "consoleLogin" "ebbtide-console" "tokenServiceLogin" "ebbtide-token-service" "keyhostLogin" "ebbtide-keyhost" "keylifeLogin" "ebbtide-keylife" "provisionLogin" "ebbtide-provision" "deliveryLogin" "ebbtide-delivery" -}}
{{- if eq $.Values.vault.login "kubernetes" -}}
{{- $_ := set $vault $key (dict "method" "kubernetes" "mount" $.Values.vault.mount "role" $role "jwtFile" "/var/run/secrets/ebbtide/vault/token") -}}
{{- else -}}
{{- $_ := set $vault $key (dict "method" "token" "tokenFile" "/vault/secrets/token") -}}
{{- end -}}
{{- end -}}
{{- $_ := set $config "vault" $vault -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
