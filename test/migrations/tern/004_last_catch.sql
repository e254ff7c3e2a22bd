-- Write your migrate up statements here
{{ template "shared/last_catch_v1.sql" . }}

---- create above / drop below ----

drop function last_catch(text);
