{{/* The pods that serve requests. Takes a list: the root, and the label that tells versions apart. */}}
{{- define "service.pod" -}}
{{- $versions := last . -}}
{{- $root := first . -}}
{{- with $root -}}
metadata:
  labels:
    {{- include "service.labels" (list . "server") | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/settings: {{ toJson (list .Values.settings .Values.ownSettings) | sha256sum }}
    resource.opentelemetry.io/service.name: {{ .Chart.Name }}
    resource.opentelemetry.io/service.namespace: {{ .Values.partOf | quote }}
    resource.opentelemetry.io/service.version: {{ .Chart.AppVersion | quote }}
    resource.opentelemetry.io/deployment.environment.name: {{ .Values.settings.ENVIRONMENT | quote }}
spec:
  serviceAccountName: {{ include "service.name" . }}
  {{- include "service.podSecurity" . | nindent 2 }}
  {{- with .Values.shutdown }}
  {{- $drain := add (ceil $root.Values.settings.DRAIN_SETTLE_S) (ceil $root.Values.settings.DRAIN_TIMEOUT_S) }}
  terminationGracePeriodSeconds: {{ add .preStopSeconds $drain .marginSeconds }}
  {{- end }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "service.selector" $root | nindent 10 }}
      matchLabelKeys: [{{ $versions }}]
    {{- end }}
  containers:
    - name: {{ .Chart.Name }}
      {{- include "service.container" . | nindent 6 }}
      {{- include "service.environment" . | nindent 6 }}
      ports:
        - name: http
          containerPort: 8080
      volumeMounts:
        {{- include "service.mounts" . | nindent 8 }}
      startupProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 1
        timeoutSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
        timeoutSeconds: 5
      lifecycle:
        preStop:
          sleep:
            seconds: {{ .Values.shutdown.preStopSeconds }}
  volumes:
    {{- include "service.volumes" (list . (include "service.name" .)) | nindent 4 }}
{{- end -}}
{{- end -}}

{{/* No token of the cluster, no other user, no system call that a service does not need. */}}
{{- define "service.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{/* What every container of the image has: its rights, its resources. */}}
{{- define "service.container" -}}
image: {{ .Values.image.repository }}@{{ .Values.image.digest }}
imagePullPolicy: Always
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end -}}

{{/* What the code of the service is told: its settings, and who it is. */}}
{{- define "service.environment" -}}
env:
  - name: SECRETS_DIR
    value: {{ include "service.secrets" . }}
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: OTEL_RESOURCE_ATTRIBUTES
    value: service.namespace={{ .Values.partOf }},service.instance.id=$(POD_NAME)
envFrom:
  - configMapRef:
      name: {{ include "service.name" . }}
{{- end -}}

{{/* Where the image writes, and where it finds its secrets. */}}
{{- define "service.mounts" -}}
- name: tmp
  mountPath: /tmp
- name: secrets
  mountPath: {{ include "service.secrets" . }}
  readOnly: true
{{- end -}}

{{/* Takes a list: the root, and the name of the secret. */}}
{{- define "service.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ (first .).Values.temporaryStorage }}
- name: secrets
  secret:
    secretName: {{ last . }}
    defaultMode: 0440
{{- end -}}
