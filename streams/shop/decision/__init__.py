"""From memory to a prompt or a silence: guards, arms, and the policy that draws one."""
