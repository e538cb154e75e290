{{/* The pod of one component. */}}
{{- define "ebbtide.pod" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $values := $root.Values -}}
{{- /* Secrets of services have no place on every node: who sees the node has those alone that are named for it */ -}}
{{- $shared := ternary dict $values (not (empty $component.host)) -}}
{{- $secretName := $component.secretName | default $shared.secretName -}}
{{- $envSecretName := $component.envSecretName | default $shared.envSecretName -}}
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
  {{- if $component.host }}
  hostPID: true
  {{- end }}
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- if $component.host }}
    runAsUser: 0
    {{- else }}
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    {{- end }}
    seccompProfile: { type: RuntimeDefault }
  {{- if and $values.topologySpread (ne $component.kind "DaemonSet") }}
  topologySpreadConstraints:
    {{- $part := . }}
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      # Pods that an update is about to take away do not count
      matchLabelKeys: [{{ ternary "controller-revision-hash" "pod-template-hash" (eq $component.kind "StatefulSet") }}]
      labelSelector:
        matchLabels:
          {{- include "ebbtide.selector" $part | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- range $key := list "priorityClassName" "nodeSelector" "tolerations" "affinity" }}
  {{- /* An empty one of the component is an answer, too */}}
  {{- with hasKey $component $key | ternary (get $component $key) (get $values $key) }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
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
        - name: NODE_NAME
          valueFrom:
            fieldRef: { fieldPath: spec.nodeName }
        {{- if $values.tls.caSecretName }}
        - name: NODE_EXTRA_CA_CERTS
          value: {{ include "ebbtide.ca" $root }}
        {{- end }}
        {{- if eq $values.kafka.login "scram" }}
        - name: KAFKA_USERNAME
          value: {{ include "ebbtide.kafkaUser" . }}
        - name: KAFKA_PASSWORD
          valueFrom:
            secretKeyRef: { name: {{ include "ebbtide.kafkaUser" . }}, key: password }
        {{- end }}
        {{- with $values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $envSecretName }}
      envFrom:
        - secretRef: { name: {{ . }} }
      {{- end }}
      ports:
        - { name: http, containerPort: 9464 }
        {{- range $name, $port := $component.ports }}
        - { name: {{ $name }}, containerPort: {{ $port }} }
        {{- end }}
      {{- if $component.ports }}
      # Callers go on coming until every node has heard that this one leaves
      lifecycle:
        preStop:
          exec: { command: [sleep, "5"] }
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
        {{- if $component.host }}
        # What processes of other users read and write: without the one their folders cannot be opened, without the other
        # the kernel tells only those processes' own users
        capabilities: { drop: [ALL], add: [DAC_READ_SEARCH, SYS_PTRACE] }
        {{- else }}
        capabilities: { drop: [ALL] }
        {{- end }}
      resources:
        {{- toYaml ($component.resources | default $values.resources) | nindent 8 }}
      volumeMounts:
        - { name: config, mountPath: /etc/ebbtide/ebbtide.yaml, subPath: ebbtide.yaml, readOnly: true }
        {{- if $secretName }}
        - { name: secrets, mountPath: /etc/ebbtide/secrets, readOnly: true }
        {{- end }}
        {{- if and (eq $values.vault.login "kubernetes") $component.vault }}
        - { name: vault-token, mountPath: /var/run/secrets/ebbtide/vault, readOnly: true }
        {{- end }}
        {{- if $values.tls.caSecretName }}
        - { name: ca, mountPath: /etc/ebbtide/tls, readOnly: true }
        {{- end }}
        {{- if eq $values.kafka.login "certificate" }}
        - { name: kafka-user, mountPath: /etc/ebbtide/kafka, readOnly: true }
        {{- end }}
        {{- if $component.host }}
        - { name: host-proc, mountPath: /host/proc, readOnly: true }
        - { name: host-cgroup, mountPath: /host/sys/fs/cgroup, readOnly: true }
        - { name: host-run, mountPath: /run/ebbtide }
        {{- end }}
        - { name: data, mountPath: /var/lib/ebbtide }
        - { name: tmp, mountPath: /tmp }
  volumes:
    - name: config
      configMap: { name: {{ include "ebbtide.name" (dict "root" $root "name" "config") }} }
    {{- if $secretName }}
    - name: secrets
      secret: { secretName: {{ $secretName }}, defaultMode: 0440 }
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
    {{- if $values.tls.caSecretName }}
    - name: ca
      secret: { secretName: {{ $values.tls.caSecretName }}, items: [{ key: {{ $values.tls.caKey }}, path: ca.crt }] }
    {{- end }}
    {{- if eq $values.kafka.login "certificate" }}
    - name: kafka-user
      secret: { secretName: {{ include "ebbtide.kafkaUser" . }}, defaultMode: 0440 }
    {{- end }}
    {{- if $component.host }}
    - name: host-proc
      hostPath: { path: /proc, type: Directory }
    - name: host-cgroup
      hostPath: { path: /sys/fs/cgroup, type: Directory }
    # Functions report to the socket in it
    - name: host-run
      hostPath: { path: /run/ebbtide, type: DirectoryOrCreate }
    # What the broker has not taken outlives the pod
    - name: data
      hostPath: { path: /var/lib/ebbtide-agent, type: DirectoryOrCreate }
    {{- else if ne $component.kind "StatefulSet" }}
    - name: data
      emptyDir: { sizeLimit: 1Gi }
    {{- end }}
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
{{- end -}}
