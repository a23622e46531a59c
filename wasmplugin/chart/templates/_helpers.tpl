{{/* The object's name. */}}
{{- define "ganglion.name" -}}
{{- default .Release.Name .Values.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Image and configuration: the members that both kinds have. */}}
{{- define "ganglion.wasm" -}}
url: {{ printf "oci://%s@%s" .Values.image.repository .Values.image.digest }}
sha256: {{ trimPrefix "sha256:" .Values.image.digest | quote }}
imagePullPolicy: IfNotPresent
{{- with .Values.image.pullSecret }}
imagePullSecret: {{ . }}
{{- end }}
pluginName: ganglion
failStrategy: FAIL_OPEN
pluginConfig:
  {{- toYaml .Values.config | nindent 2 }}
{{- end -}}
