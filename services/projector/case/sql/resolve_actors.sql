-- Say who acted under the accounts of the case.
UPDATE act
   SET person = account.person
  FROM account
 WHERE account.account = act.actor
   AND act.time >= account.starts
   AND act.time < account.ends;
