{{/* Names everything: `helm install orders ./orders` makes `orders`. Of a longer name pods would not have all. */}}
{{- define "service.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 46 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 46 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What finds the pods that serve requests; never change it, a workload's selector cannot be changed. */}}
{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: server
{{- end -}}

{{/* Labels of everything. Takes a list: the root, and the component. */}}
{{- define "service.labels" -}}
{{- $component := last . -}}
{{- with first . -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: {{ $component }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ .Values.partOf | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
owner: {{ .Values.owner | quote }}
{{- end -}}
{{- end -}}

{{/* The names and the place of an object. Takes a list: the root, the component, and what the name ends with. */}}
{{- define "service.metadata" -}}
name: {{ include "service.name" (first .) }}{{ last . }}
namespace: {{ (first .).Release.Namespace }}
labels:
  {{- include "service.labels" (initial .) | nindent 2 }}
{{- end -}}

{{/* A service in front of the pods. */}}
{{- define "service.ports" -}}
type: ClusterIP
selector:
  {{- include "service.selector" . | nindent 2 }}
ports:
  - name: http
    port: {{ .Values.service.port }}
    targetPort: http
    appProtocol: http
{{- end -}}

{{/* The gateway's listener for this host; the gateway ends TLS. */}}
{{- define "service.route" -}}
parentRefs:
  - name: {{ .Values.route.gateway.name | quote }}
    namespace: {{ .Values.route.gateway.namespace | quote }}
    sectionName: {{ .Values.route.gateway.listener | quote }}
hostnames: [{{ .Values.route.hostname | quote }}]
{{- end -}}

{{- define "service.secrets" -}}
/run/secrets/{{ .Chart.Name }}
{{- end -}}

{{/* Where the credentials come from. */}}
{{- define "service.secretStore" -}}
provider:
  {{- toYaml .Values.secretStore | nindent 2 }}
{{- end -}}

{{/* The files of the secret. Takes a list: the root, and the name of store and secret. */}}
{{- define "service.externalSecret" -}}
{{- $root := first . -}}
{{- with $root.Values.database -}}
refreshInterval: {{ $root.Values.secretRefreshInterval }}
secretStoreRef:
  kind: SecretStore
  name: {{ last $ }}
target:
  name: {{ last $ }}
  creationPolicy: Owner
  deletionPolicy: Retain
  template:
    engineVersion: v2
    data:
      {{- $query := printf "sslmode=%s" .sslMode }}
      {{- if .caCertificate }}
      {{- $query = printf "%s&sslrootcert=%s/database_ca" $query (include "service.secrets" $root) }}
      database_ca: {{ .caCertificate | quote }}
      {{- end }}
      database_url: >-
        postgresql://{{ `{{ .username | urlquery | replace "+" "%20" }}:{{ .password | urlquery | replace "+" "%20" }}` -}}
        @{{ .host }}:{{ .port }}/{{ .name }}?{{ $query }}
      {{- if .direct.host }}
      database_direct_url: >-
        postgresql://{{ `{{ .username | urlquery | replace "+" "%20" }}:{{ .password | urlquery | replace "+" "%20" }}` -}}
        @{{ .direct.host }}:{{ .direct.port }}/{{ .name }}?{{ $query }}
      {{- end }}
      {{- range $name, $_ := $root.Values.ownSecrets }}
      {{ $name | quote }}: {{ printf "{{ index . %q }}" $name | squote }}
      {{- end }}
data:
  {{- range list "username" "password" }}
  - secretKey: {{ . }}
    remoteRef:
      key: {{ $root.Values.database.secret | quote }}
      property: {{ . }}
  {{- end }}
  {{- range $name, $source := $root.Values.ownSecrets }}
  - secretKey: {{ $name | quote }}
    remoteRef:
      key: {{ $source.secret | quote }}
      {{- with $source.property }}
      property: {{ . | quote }}
      {{- end }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* One end of an allowed connection: a map of namespaces and cidrs. */}}
{{- define "service.peers" -}}
{{- range .namespaces }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . | quote }}
{{- end }}
{{- range .cidrs }}
- ipBlock:
    cidr: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* What every pod that migrates or serves has to reach: names, and the database. */}}
{{- define "service.databaseEgress" -}}
- to:
    {{- include "service.peers" .Values.networkPolicy.dns | trim | nindent 4 }}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- with .Values.database }}
{{- if .cidrs }}
- to:
    {{- include "service.peers" . | trim | nindent 4 }}
  ports:
    - port: {{ .port }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What the code of the service has to reach. */}}
{{- define "service.egress" -}}
{{ include "service.databaseEgress" . }}
# Keys of the token issuer.
{{- with .Values.networkPolicy.issuer }}
- to:
    {{- include "service.peers" . | trim | nindent 4 }}
  ports:
    - port: {{ .port }}
{{- end }}
{{- if .Values.settings.OTEL_EXPORTER_OTLP_ENDPOINT }}
{{- with .Values.networkPolicy.telemetry }}
- to:
    {{- include "service.peers" . | trim | nindent 4 }}
  ports:
    - port: {{ .port }}
{{- end }}
{{- end }}
{{- range $name, $peers := .Values.networkPolicy.own }}
# {{ $name }}
- to:
    {{- include "service.peers" $peers | trim | nindent 4 }}
  ports:
    - port: {{ $peers.port }}
{{- end }}
{{- end -}}

{{/* The jobs of own/jobs.py by name, as JSON; the values may say something else of one, but of no other. */}}
{{- define "service.jobs" -}}
{{- $jobs := .Files.Get "jobs.yaml" | fromYaml -}}
{{- range $job, $_ := .Values.jobs -}}
{{- if not (hasKey $jobs $job) -}}
{{- fail (printf "jobs.%s: there is no such job in jobs.yaml, which `make jobs` writes" $job) -}}
{{- end -}}
{{- end -}}
{{- toJson $jobs -}}
{{- end -}}

{{/* Seconds that a run of a job may take, with its start and its end, in a pod. Takes what jobs.yaml says of it. */}}
{{- define "service.runSeconds" -}}
{{- add .limitSeconds 60 -}}
{{- end -}}

{{/* Seconds that it may take with the run that follows a failed one. */}}
{{- define "service.jobSeconds" -}}
{{- add (mul 2 (include "service.runSeconds" . | int)) 60 -}}
{{- end -}}

{{/* Annotations of what exists for one hook only. Takes a list: the hooks, and the weight. */}}
{{- define "service.hook" -}}
helm.sh/hook: {{ first . }}
helm.sh/hook-weight: {{ last . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* Prometheus' name of the service, from service.namespace and service.name. */}}
{{- define "service.job" -}}
{{ .Values.partOf }}/{{ .Chart.Name }}
{{- end -}}

{{/* Who is told of an alert, and of what. Takes a list: the root, and the severity. */}}
{{- define "service.alertLabels" -}}
{{- with first . -}}
severity: {{ ternary (last $) "ticket" .Values.alerts.page }}
service: {{ .Chart.Name }}
environment: {{ .Values.settings.ENVIRONMENT | quote }}
owner: {{ .Values.owner | quote }}
{{- end -}}
{{- end -}}

{{/* Share of requests that end in a server's error. Takes a list: labels, and the window. */}}
{{- define "service.errorRatio" -}}
sum(rate(http_server_request_duration_seconds_count{ {{- first . }},http_response_status_code=~"5.."}[{{ last . }}]))
  / sum(rate(http_server_request_duration_seconds_count{ {{- first . }}}[{{ last . }}]))
{{- end -}}

{{/* How many requests there were, and how many ended in a server's error. Takes a list: labels, and the window. */}}
{{- define "service.requestCount" -}}
sum(increase(http_server_request_duration_seconds_count{ {{- first . }}}[{{ last . }}]))
{{- end -}}

{{- define "service.errorCount" -}}
sum(increase(http_server_request_duration_seconds_count{ {{- first . }},http_response_status_code=~"5.."}[{{ last . }}]))
{{- end -}}

{{/*
Seconds that the burn rate's share of requests exceeds: 99 % have to be as fast as the objective says, so at a burn rate
of 14.4 it is 14.4 % that are slower. Takes a list: labels, burn rate, and the window.
*/}}
{{- define "service.slowSeconds" -}}
histogram_quantile(
  1 - {{ index . 1 }} * 0.01,
  sum by (le) (rate(http_server_request_duration_seconds_bucket{ {{- first . }}}[{{ last . }}]))
)
{{- end -}}
