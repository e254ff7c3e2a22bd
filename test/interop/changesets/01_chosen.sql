--liquibase formatted sql

--changeset context:00 context:test
CREATE TABLE app.context_00 ();

--changeset context:01 contextFilter:prod
CREATE TABLE app.context_01 ();

--changeset context:02 context:!test
CREATE TABLE app.context_02 ();

--changeset context:03 contextFilter:"not test"
CREATE TABLE app.context_03 ();

--changeset context:04 context:"test and prod"
CREATE TABLE app.context_04 ();

--changeset context:05 contextFilter:"test or prod"
CREATE TABLE app.context_05 ();

--changeset context:06 context:"test, prod"
CREATE TABLE app.context_06 ();

--changeset context:07 contextFilter:"test and !prod"
CREATE TABLE app.context_07 ();

--changeset context:08 context:"(test or dev) and prod"
CREATE TABLE app.context_08 ();

--changeset context:09 contextFilter:"!(test or prod)"
CREATE TABLE app.context_09 ();

--changeset context:10 context:"not (test and prod)"
CREATE TABLE app.context_10 ();

--changeset context:11 contextFilter:TEST
CREATE TABLE app.context_11 ();

--changeset context:12 context:"Test AND Prod"
CREATE TABLE app.context_12 ();

--changeset context:13 contextFilter:@test
CREATE TABLE app.context_13 ();

--changeset context:14 context:@prod
CREATE TABLE app.context_14 ();

--changeset context:15 contextFilter:@!test
CREATE TABLE app.context_15 ();

--changeset context:16 context:!@test
CREATE TABLE app.context_16 ();

--changeset context:17 contextFilter:"@test or prod"
CREATE TABLE app.context_17 ();

--changeset context:18 context:"@test and prod"
CREATE TABLE app.context_18 ();

--changeset context:19 contextFilter:(@test)
CREATE TABLE app.context_19 ();

--changeset context:20 context:"(@test) and prod"
CREATE TABLE app.context_20 ();

--changeset context:21 contextFilter:nocontexts
CREATE TABLE app.context_21 ();

--changeset context:22 context:"!nocontexts and test"
CREATE TABLE app.context_22 ();

--changeset context:23 contextFilter:"two words"
CREATE TABLE app.context_23 ();

--changeset context:24 context:"test or two words"
CREATE TABLE app.context_24 ();

--changeset context:25 contextFilter:((test))
CREATE TABLE app.context_25 ();

--changeset context:26 context:"test and (prod or (dev and !prod))"
CREATE TABLE app.context_26 ();

--changeset label:00 labels:v1
CREATE TABLE app.label_00 ();

--changeset label:01 labels:v2
CREATE TABLE app.label_01 ();

--changeset label:02 labels:v1,v2
CREATE TABLE app.label_02 ();

--changeset label:03 labels:V1
CREATE TABLE app.label_03 ();

--changeset label:04 labels:"v1, v3"
CREATE TABLE app.label_04 ();

--changeset label:05 labels:v3
CREATE TABLE app.label_05 ();

--changeset label:06 labels:"v 4"
CREATE TABLE app.label_06 ();

--changeset label:07 labels:@v1
CREATE TABLE app.label_07 ();

--changeset both:1 context:test labels:v1
CREATE TABLE app.both_1 ();

--changeset both:2 contextFilter:prod labels:v2 context:test
CREATE TABLE app.both_2 ();
