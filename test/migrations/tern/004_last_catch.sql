-- Write your migrate up statements here
create function last_catch(ring_wanted text) returns date
language plpgsql stable as $$
begin
  return (select max(caught_on) from catches where ring = ring_wanted);
end
$$;

---- create above / drop below ----

drop function last_catch(text);
