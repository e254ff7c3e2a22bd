--
-- PostgreSQL database dump
--

\restrict Zq3vT0hN1bLw8cXkUyRfJmP5sGdEaOi7

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: clinic; Type: SCHEMA; Schema: -; Owner: regress_migrate_owner
--

CREATE SCHEMA clinic;


ALTER SCHEMA clinic OWNER TO regress_migrate_owner;

--
-- Name: visits_of(integer); Type: FUNCTION; Schema: clinic; Owner: regress_migrate_owner
--

CREATE FUNCTION clinic.visits_of(which integer) RETURNS bigint
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT count(*) AS count
    FROM pg_catalog.generate_series(1, visits_of.which) generate_series(generate_series);
END;


ALTER FUNCTION clinic.visits_of(which integer) OWNER TO regress_migrate_owner;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: animals; Type: TABLE; Schema: clinic; Owner: regress_migrate_owner
--

CREATE TABLE clinic.animals (
    id integer NOT NULL,
    name text NOT NULL,
    weight numeric(6,2),
    notes text
);


ALTER TABLE clinic.animals OWNER TO regress_migrate_owner;

--
-- Name: TABLE animals; Type: COMMENT; Schema: clinic; Owner: regress_migrate_owner
--

COMMENT ON TABLE clinic.animals IS 'Who is treated; their owners'' names are elsewhere';


--
-- Name: animals_id_seq; Type: SEQUENCE; Schema: clinic; Owner: regress_migrate_owner
--

CREATE SEQUENCE clinic.animals_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE clinic.animals_id_seq OWNER TO regress_migrate_owner;

--
-- Name: animals_id_seq; Type: SEQUENCE OWNED BY; Schema: clinic; Owner: regress_migrate_owner
--

ALTER SEQUENCE clinic.animals_id_seq OWNED BY clinic.animals.id;


--
-- Name: visits; Type: TABLE; Schema: clinic; Owner: regress_migrate_owner
--

CREATE TABLE clinic.visits (
    animal integer NOT NULL,
    day date NOT NULL
);


ALTER TABLE clinic.visits OWNER TO regress_migrate_owner;

--
-- Name: animals id; Type: DEFAULT; Schema: clinic; Owner: regress_migrate_owner
--

ALTER TABLE ONLY clinic.animals ALTER COLUMN id SET DEFAULT nextval('clinic.animals_id_seq'::regclass);


--
-- Data for Name: animals; Type: TABLE DATA; Schema: clinic; Owner: regress_migrate_owner
--

COPY clinic.animals (id, name, weight, notes) FROM stdin;
1	Ada	4.20	\N
2	Bjørn	31.00	two\nlines; a tab\there
3	\\N	0.05	\\restrict
4	O'Neill	12.50	
\.


--
-- Data for Name: visits; Type: TABLE DATA; Schema: clinic; Owner: regress_migrate_owner
--

COPY clinic.visits (animal, day) FROM stdin;
1	2024-02-29
2	2024-03-01
\.


--
-- Name: animals_id_seq; Type: SEQUENCE SET; Schema: clinic; Owner: regress_migrate_owner
--

SELECT pg_catalog.setval('clinic.animals_id_seq', 4, true);


--
-- Name: animals animals_pkey; Type: CONSTRAINT; Schema: clinic; Owner: regress_migrate_owner
--

ALTER TABLE ONLY clinic.animals
    ADD CONSTRAINT animals_pkey PRIMARY KEY (id);


--
-- Name: visits visits_animal_fkey; Type: FK CONSTRAINT; Schema: clinic; Owner: regress_migrate_owner
--

ALTER TABLE ONLY clinic.visits
    ADD CONSTRAINT visits_animal_fkey FOREIGN KEY (animal) REFERENCES clinic.animals(id);


--
-- PostgreSQL database dump complete
--

\unrestrict Zq3vT0hN1bLw8cXkUyRfJmP5sGdEaOi7

