/*-------------------------------------------------------------------------
 *
 * format_liquibase.h
 *	  What the files of the reader of Liquibase's changelogs share.
 *
 * Calls go down: format_liquibase.c -> _sql.c -> _script.c, _property.c ->
 * _lines.c, _tree.c, _match.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_LIQUIBASE_H
#define MIGRATE_FORMAT_LIQUIBASE_H

#include "format_internal.h"

#include "utils/hsearch.h"

/* An element of a changelog in XML, YAML or JSON, or an attribute of one. */
typedef struct MigLbNode
{
	char	   *name;
	char	   *value;			/* NULL: it has no text of its own */
	int			line;			/* 0: not known */
	List	   *children;		/* of MigLbNode * */
} MigLbNode;

/* What decides whether a changeset is for this database. */
typedef struct MigLbFilter
{
	List	   *contexts;		/* of char *: expressions, all must hold */
	List	   *labels;			/* of char *: lists, each must be asked for */
	const char *dbms;			/* a list, or NULL */
	bool		ignore;
} MigLbFilter;

/* A <property>. */
typedef struct MigLbProperty
{
	char	   *name;
	char	   *value;
	const MigFileEntry *entry;	/* the one file that knows it, or NULL */
} MigLbProperty;

/* A changeset that was seen, whether or not it is for this database. */
typedef struct MigLbSeen
{
	const char *version;		/* hash key */
	MigSource  *source;
	bool		skipped;
} MigLbSeen;

/* All changelogs of a directory, while they are read. */
typedef struct MigLbRead
{
	List	   *sources;		/* of MigSource *, in their order */
	List	   *filtered;		/* of char *: changesets for other databases */
	List	   *properties;		/* of MigLbProperty * */
	HTAB	   *seen;			/* of MigLbSeen */
} MigLbRead;

#define mig_lb_is_space(c) \
	((c) == ' ' || (c) == '\t' || (c) == '\n' || (c) == '\r' || \
	 (c) == '\f' || (c) == '\v')
#define mig_lb_is_word(c) \
	(mig_is_digit(c) || ((c) >= 'a' && (c) <= 'z') || \
	 ((c) >= 'A' && (c) <= 'Z') || (c) == '_')

/* What Liquibase sees in a line. */
typedef enum MigLbKind
{
	LINE_SQL,
	LINE_FIRST,					/* --liquibase formatted sql */
	LINE_PROPERTY,
	LINE_INCLUDE,
	LINE_INCLUDE_ALL,
	LINE_IGNORE,				/* --ignoreLines:, rest is what follows */
	LINE_CHANGESET,
	LINE_COMMENT,
	LINE_CHECKSUM,
	LINE_ROLLBACK,
	LINE_ROLLBACK_BLOCK,
	LINE_PRECONDITIONS,
	LINE_PRECONDITION,
	LINE_WRONG,					/* it refuses the line; rest says what is
								 * right */
	LINE_WRONG_INSIDE			/* ... in a changeset */
} MigLbKind;

typedef struct MigLbLine
{
	const char *start;
	const char *end;
	const char *next;
	int			number;			/* from 1 */
} MigLbLine;

/* format_liquibase_match.c */
extern bool mig_lb_matches(const MigLbFilter *filter, const char *place,
						   char **reason);

/* format_liquibase_tree.c */
extern MigLbNode *mig_lb_parse(const MigFileEntry *entry);
extern const char *mig_lb_value(const MigLbNode *node, const char *name);
extern MigLbNode *mig_lb_child(const MigLbNode *node, const char *name);

/* format_liquibase_property.c */
extern char *mig_lb_expand(const MigLbRead *read, const MigFileEntry *entry,
						   const char *text);
extern const char *mig_lb_variables(const MigLbRead *read,
									const MigFileEntry *entry,
									const char *text);
extern void mig_lb_set_property(MigLbRead *read, const MigFileEntry *entry,
								int line, const char *name, const char *value,
								const MigLbFilter *filter, bool global);

/* format_liquibase_lines.c */
extern bool mig_lb_next_line(MigLbLine *line);
extern const char *mig_lb_skip_space(const char *p, const char *end);
extern const char *mig_lb_identity(const char *p, const char *end,
								   char **author, char **id);
extern MigLbKind mig_lb_classify(const MigLbLine *line, const char **rest);
extern bool mig_lb_ends_block(const MigLbLine *line, const char **to);
extern bool mig_lb_ignore_lines(MigLbLine *line, const char *rest);
extern bool mig_lb_next_attribute(const char **p, const char *end,
								  char **name, char **value);
extern bool mig_lb_is_formatted(const char *text);
extern List *mig_lb_sql_includes(const MigFileEntry *entry);
extern void mig_lb_warn_of_text_before(const MigFileEntry *entry);

/* format_liquibase_script.c */
extern char *mig_lb_delimiter(const char *path, int line, const char *name,
							  const char *value);
extern char *mig_lb_script(const char *path, int number, const char *text,
						   bool split, const char *delimiter, bool up);

/* format_liquibase_sql.c */
extern void mig_lb_read_sql(MigLbRead *read, const MigFileEntry *entry,
							const MigLbFilter *filter);
extern char *mig_lb_version(const char *path, const char *id,
							const char *author);
extern void mig_lb_add(MigLbRead *read, MigSource *source, int line,
					   const char *path, const MigLbFilter *filter);
extern void mig_lb_bad(const char *path, int line, const char *message,
					   const char *advice);

#endif							/* MIGRATE_FORMAT_LIQUIBASE_H */
