--liquibase formatted sql
--property name:schema value:app
--property name:schema value:never
--property name:suffix value:_test context:test
--property name:suffix value:_other context:"!test"
--property name: labelled value: v1 labels:v1
--property name:labelled value:none
--property name:dialect value:oracle dbms:oracle
--property name:dialect value:postgres dbms:postgresql,h2
--property name:here value:one global:false
--property name:here value:two global:false
--property name:nested value:${dialect}_${here} global:true

--changeset ada:properties
CREATE SCHEMA ${schema};
CREATE TABLE ${schema}.properties${suffix} (a text DEFAULT '${labelled} ${dialect} ${here} ${nested} ${unknown} ${later}');
--rollback DROP SCHEMA ${schema} CASCADE;

--changeset ada:${dialect}
--property name:later value:now
CREATE TABLE ${schema}.later (a text DEFAULT '${later}');
