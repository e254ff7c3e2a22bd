# migrate: SQL migrations run from inside PostgreSQL

EXTENSION = migrate
MODULE_big = migrate

# Recursive variables on purpose: $(srcdir) is known only after PGXS is read.
SOURCES = $(sort $(wildcard $(srcdir)/src/*.c $(srcdir)/src/*/*.c))
OBJS = $(patsubst $(srcdir)/%.c,%.o,$(SOURCES))
DATA = $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/sql/migrate--*.sql))
PGFILEDESC = "migrate - SQL migrations run from inside PostgreSQL"

# The library has the version of the control file.
MIGRATE_VERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(srcdir)/migrate.control)
PG_CPPFLAGS = -I$(srcdir)/src -DMIGRATE_VERSION=\"$(MIGRATE_VERSION)\"

# PGXS does not follow includes: the compiler writes down which headers an object
# depends on.
DEPENDS = $(OBJS:.o=.d)
EXTRA_CLEAN = $(DEPENDS)

# Inputs are under test/, expected outputs in expected/, which pg_regress looks
# for in the directory it runs in.  Isolation specs share that directory.
REGRESS = $(patsubst $(srcdir)/test/sql/%.sql,%,$(sort $(wildcard $(srcdir)/test/sql/*.sql)))
REGRESS_OPTS = --inputdir=$(srcdir)/test
ISOLATION = $(patsubst $(srcdir)/test/specs/%.spec,%,$(sort $(wildcard $(srcdir)/test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(srcdir)/test --outputdir=. --load-extension=migrate

# The library's own functions are found when it is linked, and not each time a session
# loads it.
comma = ,
SHLIB_LINK = $(if $(filter linux freebsd,$(PORTNAME)),-Wl$(comma)-Bsymbolic)

# The library has the names of its sources, and not where they were.
ifdef VPATH
PG_CPPFLAGS += -fmacro-prefix-map=$(srcdir)/=
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(wildcard $(PGXS)),)
$(error "$(PG_CONFIG) --pgxs" names no file: install the headers of the server (Debian: postgresql-server-dev-NN), or give PG_CONFIG)
endif
include $(PGXS)

# A VPATH build has neither the folders of the objects nor expected/ where
# pg_regress looks for it.
ifdef VPATH
$(shell mkdir -p $(sort $(dir $(OBJS))); test -e expected || ln -s $(abspath $(srcdir))/expected expected)
endif

# The version is compiled in.  Bitcode is made anew when its object is.
$(OBJS): $(srcdir)/migrate.control
$(OBJS:.o=.bc): %.bc: %.o

ifeq ($(GCC),yes)
$(OBJS): override CPPFLAGS += -MMD -MP
-include $(DEPENDS)
else
$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)
endif
