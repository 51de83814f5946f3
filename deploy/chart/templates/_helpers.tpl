{{- define "bc.name" -}}
{{- .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name (.Values.nameOverride | default .Chart.Name)) (contains (.Values.nameOverride | default .Chart.Name) .Release.Name)) | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "bc.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "bc.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: backup-credentials
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "bc.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
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

{{- define "bc.refuse" -}}
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
  valueFrom: {secretKeyRef: {name: {{ .Values.database.existingSecret }}, key: {{ .Values.database.key }}}}
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
  persistentVolumeClaim: {claimName: {{ .Values.persistence.existingClaim | default (include "bc.name" .) }}}
{{- end }}
- {name: tmp, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
{{- with include "bc.seedSecret" . }}
- name: seed
  secret:
    secretName: {{ . }}
    optional: true
    items: [{key: {{ $.Values.seed.key }}, path: seed}]
{{- end }}
{{- end }}

{{- define "bc.webContainer" -}}
- name: web
  image: {{ include "bc.image" . }}
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
    {{- with .Values.web.extraEnv }}{{ toYaml . | nindent 4 }}{{ end }}
  ports: [{name: web, containerPort: 8765}]
  startupProbe:
    httpGet: {{ include "bc.probe" (dict "path" "/health" "tls" .Values.web.tlsSecret) }}
    periodSeconds: 2
    failureThreshold: 60
  livenessProbe:
    httpGet: {{ include "bc.probe" (dict "path" "/health" "tls" .Values.web.tlsSecret) }}
    periodSeconds: 10
  readinessProbe:
    httpGet: {{ include "bc.probe" (dict "path" "/ready" "tls" .Values.web.tlsSecret) }}
    periodSeconds: 5
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

{{- define "bc.probe" -}}
{path: {{ .path }}, port: web, scheme: {{ ternary "HTTPS" "HTTP" (not (empty .tls)) }}, httpHeaders: [{name: Host, value: localhost}]}
{{- end }}

{{- define "bc.webVolumes" -}}
{{- with .Values.web.tlsSecret }}
- {name: tls, secret: {secretName: {{ . }}}}
{{- end }}
{{- with .Values.administrator.existingSecret }}
- {name: administrator, secret: {secretName: {{ . }}}}
{{- end }}
{{- end }}

{{- define "bc.operatorContainer" -}}
- name: operator
  image: {{ include "bc.image" . }}
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
  livenessProbe: {httpGet: {path: /livez, port: metrics}, periodSeconds: 10}
  readinessProbe: {httpGet: {path: /readyz, port: metrics}, periodSeconds: 5}
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
priorityClassName: {{ . }}
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
