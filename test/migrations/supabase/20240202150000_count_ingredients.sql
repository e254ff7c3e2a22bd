create function ingredient_count(recipe recipes) returns bigint
language sql stable
begin atomic
  select count(*) from ingredients where recipe_id = recipe.id;
end;
