create function last_catch({{ .argument }} text) returns date
language plpgsql stable as $$
begin
  return (select max(caught_on) from catches where ring = {{ .argument }});
end
$$;
