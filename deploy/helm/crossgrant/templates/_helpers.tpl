{{- /* The name of everything: that of the release, with the chart's if it is not in it. */ -}}
{{- define "crossgrant.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* What selects the pods; it never changes. */ -}}
{{- define "crossgrant.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "crossgrant.labels" -}}
{{ include "crossgrant.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "crossgrant.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- /* What no schema can tell, because it is about two values. */ -}}
{{- define "crossgrant.check" -}}
{{- $least := add .Values.drainDelaySeconds 45 | int -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) $least -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is less than drainDelaySeconds, 30 seconds for requests under way, and 15 to close: at least %d" (int .Values.terminationGracePeriodSeconds) $least) -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts" -}}
{{- end -}}
{{- if and .Values.ingress.consoleHost (not .Values.console.enabled) -}}
{{- fail "ingress.consoleHost needs console.enabled" -}}
{{- end -}}
{{- if and .Values.console.enabled (or (not .Values.console.url) (not .Values.console.apiURL)) -}}
{{- fail "console.enabled needs console.url and console.apiURL" -}}
{{- end -}}
{{- if and .Values.service.externalTrafficPolicy (eq .Values.service.type "ClusterIP") -}}
{{- fail "service.externalTrafficPolicy is for NodePort and LoadBalancer" -}}
{{- end -}}
{{- end -}}
