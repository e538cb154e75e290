{{/* The pod of one component. */}}
{{- define "ebbtide.pod" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $values := $root.Values -}}
metadata:
  labels:
    {{- include "ebbtide.labels" . | nindent 4 }}
  annotations:
    checksum/config: {{ include "ebbtide.config" $root | sha256sum }}
    {{- if and (eq $values.vault.login "agent") $component.vault }}
    vault.hashicorp.com/agent-inject: "true"
    vault.hashicorp.com/agent-inject-token: "true"
    vault.hashicorp.com/agent-run-as-same-user: "true"
    vault.hashicorp.com/auth-path: {{ printf "auth/%s" $values.vault.mount }}
    vault.hashicorp.com/role: {{ printf "ebbtide-%s" $component.vault }}
    {{- end }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "ebbtide.serviceAccount" . }}
  automountServiceAccountToken: {{ and (eq $values.vault.login "agent") (not (empty $component.vault)) }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  {{- if $values.topologySpread }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "ebbtide.selector" . | nindent 10 }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: ebbtide
      image: {{ include "ebbtide.image" $root }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args:
        {{- toYaml $component.command | nindent 8 }}
      env:
        - name: EBBTIDE_CONFIG
          value: /etc/ebbtide/ebbtide.yaml
        {{- with $values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $values.envSecretName }}
      envFrom:
        - secretRef: { name: {{ . }} }
      {{- end }}
      ports:
        - { name: http, containerPort: 9464 }
        {{- range $name, $port := $component.ports }}
        - { name: {{ $name }}, containerPort: {{ $port }} }
        {{- end }}
      startupProbe:
        httpGet: { path: /health/live, port: http }
        periodSeconds: 5
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /health/live, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /health/ready, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      resources:
        {{- toYaml ($component.resources | default $values.resources) | nindent 8 }}
      volumeMounts:
        - { name: config, mountPath: /etc/ebbtide/ebbtide.yaml, subPath: ebbtide.yaml, readOnly: true }
        {{- if $values.secretName }}
        - { name: secrets, mountPath: /etc/ebbtide/secrets, readOnly: true }
        {{- end }}
        {{- if and (eq $values.vault.login "kubernetes") $component.vault }}
        - { name: vault-token, mountPath: /var/run/secrets/ebbtide/vault, readOnly: true }
        {{- end }}
        - { name: data, mountPath: /var/lib/ebbtide }
        - { name: tmp, mountPath: /tmp }
  volumes:
    - name: config
      configMap: { name: {{ include "ebbtide.name" (dict "root" $root "name" "config") }} }
    {{- with $values.secretName }}
    - name: secrets
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
    {{- if and (eq $values.vault.login "kubernetes") $component.vault }}
    - name: vault-token
      projected:
        sources:
          - serviceAccountToken:
              path: token
              expirationSeconds: 600
              {{- with $values.vault.audience }}
              audience: {{ . }}
              {{- end }}
    {{- end }}
    {{- if ne $component.kind "StatefulSet" }}
    - name: data
      emptyDir: { sizeLimit: 1Gi }
    {{- end }}
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
{{- end -}}
