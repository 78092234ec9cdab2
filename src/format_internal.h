/*-------------------------------------------------------------------------
 *
 * format_internal.h
 *	  The table of formats: what format.c offers to collect.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_INTERNAL_H
#define MIGRATE_FORMAT_INTERNAL_H

#include "format.h"
#include "lines.h"

#include "utils/jsonb.h"

#include "utils/hsearch.h"

typedef struct MigFormat MigFormat;

typedef enum MigPart
{
	PART_WHOLE,
	PART_UP,
	PART_DOWN
} MigPart;

/* Is a file of some format? */
typedef enum MigFit
{
	FIT_NO,
	FIT_POSSIBLE,				/* if another file of the directory surely is */
	FIT_SURE
} MigFit;

/* A file, with what its path and a first look at its text say. */
typedef struct MigFileEntry MigFileEntry;

struct MigFileEntry
{
	const MigFile *file;
	const char *base;			/* last component of the path */
	char	   *parent;			/* the component before it, or "" */
	int			depth;			/* number of components before base */
	const char *text;			/* without a byte order mark; NULL: not read */
	bool		sql;
	const char *language;		/* the other one that it is written in, or
								 * NULL */
	/* base read as <version>[_-]<name>[.up|.down].<extension> */
	bool		numbered;
	char	   *version;
	char		separator;		/* '\0': neither it nor a name is there */
	char	   *name;
	MigPart		part;
	/* the "--" comments outside of literals that are lines of their own */
	List	   *comments;		/* of const char *: what follows the dashes */
	bool		indexed;		/* a file of the directory says its format */
	const MigFileEntry *index;	/* ... this one */
	bool		alone;			/* of its directory nothing else is known */
	const MigFormat *format;	/* as collect.c has found out, or NULL */
};

/* A file of a new migration: BEFORE<version>BETWEEN<name>AFTER, and text. */
typedef struct MigDraft
{
	const char *before;
	const char *between;
	const char *after;
	const char *text;
} MigDraft;

struct MigFormat
{
	const char *name;
	const char *files;			/* how its files are named, for messages */
	const char *mark;			/* line that each of its files has, or NULL */
	const char *languages;		/* others than SQL, for what is then a hole */
	bool		unmarked;		/* its files are those that are no other's */
	bool		nested;			/* each migration has its own directory */
	bool		scattered;		/* its files may lie in any directories */
	bool		dotted;			/* versions may have dots */
	bool		together;		/* one file alone says too little */
	bool		verifies_by_errors; /* whatever rows a verify script returns */
	MigFit		(*recognise) (const MigFileEntry *entry);
	/* is this, no migration, a file of its settings?  NULL: it has none */
	bool		(*settings) (const MigFileEntry *entry);
	/* ... and one that shows by being there that the directory is of it? */
	bool		(*index) (const MigFileEntry *entry);
	/* what one file says: one migration, or a list (MigSource *) */
	void		(*read) (const MigFileEntry *entry, MigSource *source);
	List	   *(*read_list) (const MigFileEntry *entry);

	/*
	 * ... or what all files (MigFileEntry *) say, in one go; adds the paths
	 * of those that say nothing to *skipped
	 */
	List	   *(*read_all) (List *entries, List **skipped);
	/* what all files (MigFileEntry *) together say about the migrations */
	List	   *(*finish) (List *entries, List *sources);
	/* a version as the names of new files have it; NULL: as it is */
	const char *(*spell) (const char *version);
	const char *heading;		/* first line of a new migration's file, or
								 * NULL */
	MigDraft	drafts[2];		/* files of a new migration */
};

/*
 * If as many files of a directory look like one format as like another, the
 * first of the two here is taken for the one that was meant.
 */
extern const MigFormat *const mig_formats[];
extern const int mig_nformats;

/* format_*.c */
extern const MigFormat mig_format_native;
extern const MigFormat mig_format_golang;
extern const MigFormat mig_format_goose;
extern const MigFormat mig_format_sqlmigrate;
extern const MigFormat mig_format_atlas;
extern const MigFormat mig_format_drizzle;
extern const MigFormat mig_format_node;
extern const MigFormat mig_format_graphile;
extern const MigFormat mig_format_diesel;
extern const MigFormat mig_format_prisma;
extern const MigFormat mig_format_flyway;
extern const MigFormat mig_format_sqlx;
extern const MigFormat mig_format_sqitch;
extern const MigFormat mig_format_alembic;
extern const MigFormat mig_format_rails;
extern const MigFormat mig_format_liquibase;
extern const MigFormat mig_format_plain;

/* What a committed migration of graphile-migrate says of itself. */
typedef struct MigGraphile
{
	bool		has_previous;
	char	   *previous;		/* the hash before it; NULL: it is the first */
	char	   *hash;
	char	   *message;
	bool		any_hash;		/* the hash need not fit */
	char	   *body;
	int			lines;			/* of headers */
} MigGraphile;

extern bool mig_graphile_read(const char *text, MigGraphile *graphile);
extern char *mig_graphile_hash(const char *previous, const char *body);

extern bool mig_is_flyway_name(const char *base);
extern bool mig_is_diesel_name(const MigFileEntry *entry);
extern bool mig_is_prisma_name(const MigFileEntry *entry);

/* format.c, for collect.c */
extern char *mig_format_names(void);
extern MigFileEntry *mig_file_entry(const MigFile *file);

/*
 * format.c, for readers
 */

#define mig_is_digit(c) ((c) >= '0' && (c) <= '9')
#define MIG_UNDO_COMMENT "-- Undoes the up script.\n"

/* Cuts a file at its section directives. */
typedef struct MigSections
{
	const MigFileEntry *entry;
	MigScript  *current;		/* NULL: before the first */
	const char *start;			/* of current's text */
} MigSections;

/* The names of a settings file, with their values. */
typedef struct MigSetting
{
	char	   *key;
	char	   *value;			/* NULL: there is no "=" */
} MigSetting;

extern Jsonb *mig_parse_json(const MigFileEntry *entry);
extern bool mig_has_suffix(const char *string, size_t len, const char *suffix);
extern bool mig_is_script_name(const char *base);
extern const char *mig_skip_version(const char *p, bool dotted);
extern bool mig_is_version(const char *string, bool dotted);
extern bool mig_has_comment(const MigFileEntry *entry, const char *beginning);
extern void mig_entry_lines(MigLines *lines, const MigFileEntry *entry);
extern void mig_bad_name(const MigFileEntry *entry);
extern void mig_whole_script(const MigFileEntry *entry, MigSource *source,
							 MigScript *script);
extern void mig_take_number(const MigFileEntry *entry, MigSource *source);
extern void mig_switch_section(MigSections *sections, MigScript *next,
							   const MigLines *lines, const char *title);
extern void mig_last_section(MigSections *sections);
extern void mig_check_text_before(const MigLines *lines, int code_line,
								  const char *mark);
extern bool mig_next_setting(MigLines *lines, MigSetting *setting);
extern bool mig_boolean_setting(const MigLines *lines,
								const MigSetting *setting);
extern void mig_open_statement(const MigLines *lines, int statement_line,
							   const char *tool);
extern bool mig_beside(const MigFileEntry *entry, const char *path, size_t len);
extern void mig_tell_name_order(List *sources, const char *tool);
extern void mig_shorten_versions(List *sources);
extern void mig_refuse_above(List *entries, int depth);

#endif							/* MIGRATE_FORMAT_INTERNAL_H */
