CREATE TYPE bank AS ENUM ('left', 'right');
