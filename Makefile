# migrate: SQL migrations run from inside PostgreSQL

EXTENSION = migrate
MODULE_big = migrate

# Recursive variables on purpose: $(srcdir) is known only after PGXS is read.
OBJS = $(patsubst $(srcdir)/%.c,%.o,$(sort $(wildcard $(srcdir)/src/*.c)))
DATA = $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/sql/migrate--*.sql))
PGFILEDESC = "migrate - SQL migrations run from inside PostgreSQL"

# migrate.control is the one place that names the version.
MIGRATE_VERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(srcdir)/migrate.control)
PG_CPPFLAGS = -DMIGRATE_VERSION=\"$(MIGRATE_VERSION)\"

# Inputs are under test/, expected outputs in expected/, which pg_regress looks
# for in the directory it runs in.  Isolation specs share that directory.
REGRESS = $(patsubst $(srcdir)/test/sql/%.sql,%,$(sort $(wildcard $(srcdir)/test/sql/*.sql)))
REGRESS_OPTS = --inputdir=$(srcdir)/test
ISOLATION = $(patsubst $(srcdir)/test/specs/%.spec,%,$(sort $(wildcard $(srcdir)/test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(srcdir)/test --outputdir=. --load-extension=migrate

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# A VPATH build has neither a folder for the objects nor expected/ where
# pg_regress looks for it.
ifdef VPATH
$(shell mkdir -p src; test -e expected || ln -s $(abspath $(srcdir))/expected expected)
endif

# PGXS does not follow includes.
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcdir)/src/*.h) $(srcdir)/migrate.control
