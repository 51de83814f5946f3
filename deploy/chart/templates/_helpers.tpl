{{- define "bc.name" -}}
{{- .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name (.Values.nameOverride | default .Chart.Name)) (contains (.Values.nameOverride | default .Chart.Name) .Release.Name)) | replace "." "-" | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "bc.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{ include "bc.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | trunc 63 | quote }}
app.kubernetes.io/part-of: backup-credentials
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end }}

{{- define "bc.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "bc.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "bc.account" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "bc.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end -}}
{{- end }}

{{- /* "sqlite" with one pod for both containers, "postgresql" with a Deployment each */ -}}
{{- define "bc.database" -}}
{{- if .Values.database.existingSecret }}postgresql{{ else }}sqlite{{ end -}}
{{- end }}

{{- define "bc.seedSecret" -}}
{{- .Values.seed.existingSecret | default (ternary (printf "%s-seed" (include "bc.name" .)) "" (eq (include "bc.database" .) "postgresql")) -}}
{{- end }}

{{- /* Not empty when a job makes the seed's Secret. */ -}}
{{- define "bc.seedJob" -}}
{{- if and (eq (include "bc.database" .) "postgresql") (not .Values.seed.existingSecret) }}yes{{ end -}}
{{- end }}

{{- define "bc.refuse" -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" (include "bc.name" .)) -}}
{{- fail (printf "No Service can have the name %q: it begins with a letter and has lower-case letters, digits and dashes alone. Set fullnameOverride, or name the release differently." (include "bc.name" .)) -}}
{{- end -}}
{{- with .Values.web.route -}}
{{- if and .enabled (not .parentRefs) -}}
{{- fail "Name the gateways of the route in web.route.parentRefs." -}}
{{- end -}}
{{- if and .enabled (not (or .hostnames $.Values.web.hostNames)) -}}
{{- fail "Name the hosts of the route in web.route.hostnames, or in web.hostNames when the gateway's listener has them: the app answers to names that it knows." -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "The ServiceMonitor finds the metrics by their Service: set metrics.enabled." -}}
{{- end -}}
{{- if and .Values.web.ingress.enabled (not .Values.web.ingress.host) -}}
{{- fail "Name the host of the ingress in web.ingress.host." -}}
{{- end -}}
{{- if not (or .Values.web.enabled .Values.operator.enabled) -}}
{{- fail "Enable the web app, the operator, or both." -}}
{{- end -}}
{{- end }}

{{- define "bc.commonEnv" -}}
- {name: BACKUP_CREDENTIALS_DATA_DIR, value: /data}
{{- if .Values.database.existingSecret }}
- name: BACKUP_CREDENTIALS_DATABASE
  valueFrom: {secretKeyRef: {name: {{ .Values.database.existingSecret | quote }}, key: {{ .Values.database.key | quote }}}}
{{- end }}
{{- if include "bc.seedSecret" . }}
- {name: BACKUP_CREDENTIALS_SEED_FILE, value: /seed/seed}
{{- end }}
{{- end }}

{{- define "bc.commonMounts" -}}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- if include "bc.seedSecret" . }}
- {name: seed, mountPath: /seed, readOnly: true}
{{- end }}
{{- end }}

{{- define "bc.commonVolumes" -}}
{{- with .Values.extraVolumes }}{{ toYaml . }}{{ "\n" }}{{ end -}}
- name: data
{{- if eq (include "bc.database" .) "postgresql" }}
  emptyDir: {}
{{- else }}
  persistentVolumeClaim: {claimName: {{ .Values.persistence.existingClaim | default (include "bc.name" .) | quote }}}
{{- end }}
- {name: tmp, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
{{- with include "bc.seedSecret" . }}
- name: seed
  secret:
    secretName: {{ . | quote }}
    optional: true
    items: [{key: {{ $.Values.seed.key | quote }}, path: seed}]
{{- end }}
{{- end }}

{{- define "bc.webContainer" -}}
- name: web
  image: {{ include "bc.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [serve, --host, "0.0.0.0", --port, "8765"]
  env:
    {{- include "bc.commonEnv" . | nindent 4 }}
    {{- $names := .Values.web.hostNames }}
    {{- if .Values.web.ingress.enabled }}{{ $names = append $names .Values.web.ingress.host }}{{ end }}
    {{- if .Values.web.route.enabled }}{{ $names = concat $names .Values.web.route.hostnames }}{{ end }}
    {{- $names = append $names (include "bc.name" .) }}
    {{- $names = append $names (printf "%s.%s.svc" (include "bc.name" .) .Release.Namespace) }}
    - {name: BACKUP_CREDENTIALS_HOST_NAMES, value: {{ join "," $names | quote }}}
    {{- if .Values.web.tlsSecret }}
    - {name: BACKUP_CREDENTIALS_TLS_CERTIFICATE, value: /tls/tls.crt}
    - {name: BACKUP_CREDENTIALS_TLS_KEY, value: /tls/tls.key}
    {{- else }}
    - {name: BACKUP_CREDENTIALS_INSECURE_HTTP, value: "true"}
    {{- end }}
    {{- if or .Values.web.behindProxy .Values.web.ingress.enabled .Values.web.route.enabled }}
    - {name: BACKUP_CREDENTIALS_BEHIND_PROXY, value: "true"}
    {{- end }}
    {{- if .Values.administrator.existingSecret }}
    - {name: BACKUP_CREDENTIALS_ADMINISTRATOR_FOLDER, value: /administrator}
    {{- end }}
    {{- if include "bc.noBackups" . }}
    - {name: BACKUP_CREDENTIALS_BACKUP_HOURS, value: "0"}
    {{- end }}
    {{- with .Values.web.extraEnv }}{{ toYaml . | nindent 4 }}{{ end }}
  ports: [{name: web, containerPort: 8765}]
  {{- if eq (include "bc.database" .) "postgresql" }}
  # What still sends requests here when the pod is to end has the time to hear of it.
  lifecycle: {preStop: {exec: {command: [/app/bin/python, -c, "import time; time.sleep(5)"]}}}
  {{- end }}
  startupProbe:
    httpGet: {{ include "bc.probe" (dict "path" "/health" "tls" .Values.web.tlsSecret) }}
    periodSeconds: 2
    failureThreshold: 60
  livenessProbe:
    httpGet: {{ include "bc.probe" (dict "path" "/health" "tls" .Values.web.tlsSecret) }}
    periodSeconds: 10
    timeoutSeconds: 5
  readinessProbe:
    httpGet: {{ include "bc.probe" (dict "path" "/ready" "tls" .Values.web.tlsSecret) }}
    periodSeconds: 5
    timeoutSeconds: 3
  resources: {{- toYaml .Values.web.resources | nindent 4 }}
  securityContext: {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    {{- include "bc.commonMounts" . | nindent 4 }}
    {{- if .Values.web.tlsSecret }}
    - {name: tls, mountPath: /tls, readOnly: true}
    {{- end }}
    {{- if .Values.administrator.existingSecret }}
    - {name: administrator, mountPath: /administrator, readOnly: true}
    {{- end }}
    {{- with .Values.web.extraVolumeMounts }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}

{{- /* Not empty when a scheduled backup would be lost with its pod: there is no volume, and no other folder is named. */ -}}
{{- define "bc.noBackups" -}}
{{- $named := list -}}
{{- range .Values.web.extraEnv }}{{ $named = append $named .name }}{{ end -}}
{{- if and (eq (include "bc.database" .) "postgresql") (not (or (has "BACKUP_CREDENTIALS_BACKUP_FOLDER" $named) (has "BACKUP_CREDENTIALS_BACKUP_HOURS" $named))) }}yes{{ end -}}
{{- end }}

{{- define "bc.probe" -}}
{path: {{ .path }}, port: web, scheme: {{ ternary "HTTPS" "HTTP" (not (empty .tls)) }}, httpHeaders: [{name: Host, value: localhost}]}
{{- end }}

{{- define "bc.webVolumes" -}}
{{- with .Values.web.tlsSecret }}
- {name: tls, secret: {secretName: {{ . | quote }}}}
{{- end }}
{{- with .Values.administrator.existingSecret }}
- {name: administrator, secret: {secretName: {{ . | quote }}}}
{{- end }}
{{- end }}

{{- define "bc.operatorContainer" -}}
- name: operator
  image: {{ include "bc.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    - operator
    - --json-logs
    - --listen=0.0.0.0:8080
    - --concurrency={{ .Values.operator.concurrency }}
    - --write-rate={{ int .Values.operator.writeRate }}
    - --verifications={{ .Values.operator.verifications }}
    {{- range .Values.operator.watchNamespaces }}
    - --namespace={{ . }}
    {{- end }}
  env:
    {{- include "bc.commonEnv" . | nindent 4 }}
    - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    {{- with .Values.operator.extraEnv }}{{ toYaml . | nindent 4 }}{{ end }}
  ports: [{name: metrics, containerPort: 8080}]
  startupProbe: {httpGet: {path: /livez, port: metrics}, periodSeconds: 2, failureThreshold: 60}
  livenessProbe: {httpGet: {path: /livez, port: metrics}, periodSeconds: 10, timeoutSeconds: 5}
  readinessProbe: {httpGet: {path: /readyz, port: metrics}, periodSeconds: 5, timeoutSeconds: 3}
  resources: {{- toYaml .Values.operator.resources | nindent 4 }}
  securityContext: {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    {{- include "bc.commonMounts" . | nindent 4 }}
    - {name: access, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
    {{- with .Values.operator.extraVolumeMounts }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}

{{- /* The token is for the operator's container alone; the web app has none. */ -}}
{{- define "bc.operatorVolumes" -}}
- name: access
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3607}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}]}
{{- end }}

{{- define "bc.podSettings" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
terminationGracePeriodSeconds: 45
{{- include "bc.placement" . }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}

{{- /* What the pods of hooks need as well, to find a node and to be let in where quotas are. */ -}}
{{- define "bc.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
