Scenario: An offer has a price
  Given any fact under key "Strategies"
