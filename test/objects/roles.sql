-- what the other files need in the cluster
SET allow_in_place_tablespaces = on;
CREATE ROLE regress_objects_alice;
CREATE ROLE regress_objects_bob;
CREATE ROLE "regress_objects Carol";
CREATE TABLESPACE regress_objects_space LOCATION '';
