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
typedef struct MigFileEntry
{
	const MigFile *file;
	const char *base;			/* last component of the path */
	char	   *parent;			/* the component before it, or "" */
	int			depth;			/* number of components before base */
	const char *text;			/* without a byte order mark; NULL: not read */
	bool		sql;
	/* base read as <version>[_-]<name>[.up|.down].sql */
	bool		numbered;
	char	   *version;
	char		separator;		/* '\0': neither it nor a name is there */
	char	   *name;
	MigPart		part;
	/* which directives stand in text, anywhere */
	bool		sections;
	bool		repeatable;
	bool		goose;
	bool		no_transaction; /* it begins as sqlx wants it */
	const MigFormat *format;	/* as collect.c has found out, or NULL */
} MigFileEntry;

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
	bool		unmarked;		/* its files are those without any mark */
	bool		nested;			/* each migration has its own directory */
	bool		dotted;			/* versions may have dots */
	MigFit		(*recognise) (const MigFileEntry *entry);
	/* is this, no .sql, a file of its settings?  NULL: it has none */
	bool		(*settings) (const MigFileEntry *entry);
	void		(*read) (const MigFileEntry *entry, MigSource *source);
	MigDraft	drafts[2];		/* files of a new migration */
};

/*
 * If as many files of a directory look like one format as like another, the
 * first of the two here is taken for the one that was meant.
 */
extern const MigFormat mig_formats[];
extern const int mig_nformats;

extern char *mig_format_names(void);
extern MigFileEntry *mig_file_entry(const MigFile *file);

#endif							/* MIGRATE_FORMAT_INTERNAL_H */
