-- id = "AMT-08"
-- title = {zh = "收款方不符", en = "Payee differs from the contract"}
-- severity = "CRITICAL"
-- force = "NORM"
-- citation = "财会〔2012〕21号; 财库〔2019〕38号"
-- confidence = "C"
-- since = 2014-01-01
-- inputs = ["pay.execute", "contract.sign", "contract.amend", "payee.maintain"]
-- says.zh = "支付 {payment} 付给 {payee}（账户 {account}），合同 {contract} 的供应商为 {parties}（约定或登记的账户 {accounts}），支付前没有转让或变更账户的记录"
-- says.en = "Payment {payment} went to {payee} (account {account}); the supplier of contract {contract} is {parties} (accounts agreed or registered: {accounts}), and no assignment or change of account had been recorded"

-- The right payee: the contract's supplier, whoever it or a supplement names, and whoever the claim was assigned to. An
-- account that was kept before the contract gives way to the contract's. A payee kept on the project for somebody who is no
-- party to another contract there is an assignment, too.
WITH payment AS (
    SELECT act.position, act.project, act.object, act.time, entry.root, act.data -> 'payee' ->> 'supplier' AS supplier,
           act.data -> 'payee' ->> 'account_sha256' AS account, terms.signed, terms.account AS agreed, terms.parties,
           terms.position AS contract
      FROM act
      JOIN entry ON entry.position = act.position
     CROSS JOIN LATERAL (
           SELECT min(contract.time) FILTER (WHERE contract.signed) AS signed,
                  min(contract.data -> 'payee' ->> 'account_sha256') FILTER (WHERE contract.signed) AS account,
                  min(contract.position) FILTER (WHERE contract.signed) AS position,
                  array_agg(DISTINCT party.supplier) FILTER (WHERE party.supplier IS NOT NULL) AS parties
             FROM contract
            CROSS JOIN LATERAL (VALUES (contract.supplier), (contract.data -> 'payee' ->> 'supplier')) AS party (supplier)
            WHERE contract.project = act.project AND contract.root = entry.root
              AND (contract.signed OR contract.time <= act.time)) AS terms
     WHERE act.type = 'pay.execute'
), fitting AS (
    SELECT payment.position, payee.supplier, payee.account, payee.position AS said,
           coalesce(payee.supplier = payment.supplier, true) AS theirs
      FROM payment
      JOIN payee ON payee.project = payment.project
       AND (payee.root = payment.root
            OR payee.root IS NULL
               AND (payee.time >= payment.signed OR payment.agreed IS NULL)
               AND (payee.supplier = ANY (payment.parties)
                    OR NOT EXISTS (SELECT
                                     FROM contract AS other
                                    WHERE other.project = payment.project AND other.supplier = payee.supplier)))
       AND (payee.position = payment.contract OR payee.starts <= payment.time AND payee.time <= payment.time)
     UNION ALL
    SELECT payment.position, payee.supplier, payee.account, payee.position,
           coalesce(payee.supplier = payment.supplier, true)
      FROM payment
      JOIN payee ON payee.project IS NULL AND payee.supplier = ANY (payment.parties)
       AND (payee.time >= payment.signed OR payment.agreed IS NULL)
       AND payee.starts <= payment.time AND payee.time <= payment.time
), compared AS (
    SELECT payment.*,
           payment.supplier = ANY (payment.parties || known.suppliers) AS right_supplier,
           known.accounts IS NOT NULL AS has_account, payment.account = ANY (known.accounts) AS right_account,
           coalesce(known.accounts, known.all_accounts) AS accounts, known.said
      FROM payment
      LEFT JOIN (
           SELECT fitting.position,
                  array_agg(DISTINCT fitting.supplier) FILTER (WHERE fitting.supplier IS NOT NULL) AS suppliers,
                  array_agg(DISTINCT fitting.account) FILTER (WHERE fitting.account IS NOT NULL AND fitting.theirs) AS accounts,
                  array_agg(DISTINCT fitting.account) FILTER (WHERE fitting.account IS NOT NULL) AS all_accounts,
                  array_agg(DISTINCT fitting.said) AS said
             FROM fitting
            GROUP BY fitting.position) AS known USING (position)
)
SELECT compared.project,
       compared.position::text AS key,
       CASE WHEN NOT compared.right_supplier OR NOT compared.right_account THEN 'FAIL'
            WHEN compared.right_account THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       compared.position AS judged,
       compared.time AS since,
       compared.said || ARRAY[compared.contract, compared.position] AS evidence,
       jsonb_build_object('payment', compared.object, 'contract', compared.root, 'payee', compared.supplier,
                          'account', left(compared.account, 12), 'parties', compared.parties,
                          'accounts', (SELECT array_agg(left(known.account, 12)) FROM unnest(compared.accounts) AS known (account)),
                          'unknown', CASE WHEN compared.parties IS NULL THEN 'contract.sign supplier'
                                          WHEN compared.account IS NULL THEN 'pay.execute payee.account_sha256'
                                          WHEN NOT compared.has_account THEN 'contract.sign payee'
                                     END) AS computed
  FROM compared
