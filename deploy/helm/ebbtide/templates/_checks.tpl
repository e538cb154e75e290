{{/* What the schema of values cannot say, or not in words that tell what to do. */}}
{{- define "ebbtide.checks" -}}
{{- $values := .Values -}}
{{- if eq "embedded" (trim $values.config.kafka.brokers) -}}
{{- fail "config.kafka.brokers is embedded, whose brokers each process would have for itself: name your Kafka as host:port, joined by commas" -}}
{{- end -}}
{{- range $broker := splitList "," $values.config.kafka.brokers -}}
{{- if not (or (contains "${" $broker) (regexMatch "^[^:/]+:[0-9]+$|^\\[.+\\]:[0-9]+$" (trim $broker))) -}}
{{- fail (printf "config.kafka.brokers has %q: name each broker as host:port, without a scheme" $broker) -}}
{{- end -}}
{{- end -}}
{{- $console := get $values.components "console" | default dict -}}
{{- if and $console.enabled (gt (int $console.replicas) 1) -}}
{{- fail "components.console.replicas is more than 1: sessions live in the console's memory, so keep one replica" -}}
{{- end -}}
{{- range $name, $component := $values.components -}}
{{- if and $component.enabled $component.host (ne $component.kind "DaemonSet") -}}
{{- fail (printf "components.%s.host is true and its kind %s: what sees processes of its node wants to be a DaemonSet" $name $component.kind) -}}
{{- end -}}
{{- end -}}
{{- with $values.keda -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "keda.minReplicas is %v and keda.maxReplicas %v: the least number of replicas must not be above the greatest" .minReplicas .maxReplicas) -}}
{{- end -}}
{{- if .enabled -}}
{{- if contains "${" $values.config.kafka.brokers -}}
{{- fail "config.kafka.brokers is taken from the environment of pods, which KEDA does not see: name the brokers as host:port" -}}
{{- end -}}
{{- range $name, $component := $values.components -}}
{{- $group := (get $values.config $name | default dict).groupId | default "" -}}
{{- if and $component.enabled $component.keda (contains "${" $group) -}}
{{- fail (printf "config.%s.groupId is taken from the environment of pods, which KEDA does not see: name the group" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $settings := $values.config.kafka.settings | default dict -}}
{{- if and .enabled (ne $values.kafka.login "none") (not .authentication) -}}
{{- range $key := list "security.protocol" "sasl.mechanism" "sasl.mechanisms" "ssl.ca.location" "enable.ssl.certificate.verification" -}}
{{- if hasKey $settings $key -}}
{{- fail (printf "config.kafka.settings has %s, by which processes come to Kafka otherwise than KEDA would by kafka.login %s: leave it to kafka.login and tls.caSecretName, or name a TriggerAuthentication of yours by keda.authentication" $key $values.kafka.login) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $protocol := get $settings "security.protocol" | default "plaintext" | lower -}}
{{- if and .enabled (eq $values.kafka.login "none") (not .authentication) (ne $protocol "plaintext") -}}
{{- fail (printf "config.kafka.settings has security.protocol %s, by which KEDA cannot log in: choose kafka.login certificate or scram, or name a TriggerAuthentication of yours by keda.authentication" $protocol) -}}
{{- end -}}
{{- end -}}
{{- end -}}
